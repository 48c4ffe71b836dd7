"""Results against the truth of objects, by values worked out by hand, and on real photographs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Label, Manifest, open_bundle
from inference_core.errors import MissingDependencyError, PackError
from inference_core.packing.pack import pack_model
from inference_core.packing.tuning.accuracy import read_dataset
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Detection, ImageSize, Instance, Pose, Prediction, Result
from inference_core.tasks.rle import encode
from inference_core.zoo import recipe_path
from tests.assets import ASSETS, BEAR, COCO, needs_assets
from tests.models import pack_detector
from tests.pictures import plain

FOUND = (2.0, 2.0, 12.0, 12.0)
POLYGON = [[2, 2, 12, 2, 12, 12, 2, 12]]
JOINTS = [value for number in range(17) for value in (10 + number, 20 + 2 * number, 2)]


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Of labels cat (0) and dog (1)."""
    return open_bundle(pack_detector(tmp_path_factory.mktemp("detector"))).manifest


def result(*predictions: Prediction) -> Result:
    return Result("tiny", "1", "any", ImageSize(40, 30), predictions)


def annotation(image: int, category: int, **others: Any) -> dict[str, Any]:
    box = {"bbox": [2, 2, 10, 10], "area": 100, "iscrowd": 0}
    return {"id": 0, "image_id": image, "category_id": category} | box | others


def document() -> dict[str, Any]:
    """Two pictures; a cat on the first, a dog on the second. Ids are not those of the labels."""
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 40, "height": 30} for n in (7, 8)],
        "annotations": [annotation(7, 18), annotation(8, 17)],
        "categories": [{"id": 17, "name": "dog"}, {"id": 18, "name": "Cat"}, {"id": 19, "name": "horse"}],
    }


def write(folder: Path, content: Any, name: str = "instances.json", pictures: str = "") -> Path:
    (folder / pictures).mkdir(exist_ok=True)
    for number in (7, 8):
        (folder / pictures / f"{number}.png").write_bytes(plain((255, 0, 0), 40, 30))
    (folder / name).write_text(json.dumps(content))
    return folder / name


def cat(score: float = 0.9, box: Any = FOUND) -> Detection:
    return Detection("cat", 0, score, box)


def dog(score: float = 0.9, box: Any = FOUND) -> Detection:
    return Detection("dog", 1, score, box)


def retask(manifest: Manifest, task: str, names: Sequence[str] = ()) -> Manifest:
    labels = tuple(Label(id=3 + number, name=name) for number, name in enumerate(names))
    return manifest.model_copy(update={"task": task, "labels": labels or manifest.labels})


class TestObjects:
    @pytest.mark.parametrize("pictures", ["", "images", "instances"])
    def test_pictures_are_found_beside_the_file(self, tmp_path: Path, detector: Manifest, pictures: str) -> None:
        path = write(tmp_path, document(), pictures=pictures)
        for given in (path, tmp_path):
            dataset = read_dataset(given, detector)
            assert dataset.images == (tmp_path / pictures / "7.png", tmp_path / pictures / "8.png")
            assert (dataset.name, dataset.metric) == (tmp_path.name, "AP@.5")

    def test_categories_are_found_by_name(self, tmp_path: Path, detector: Manifest) -> None:
        dataset = read_dataset(write(tmp_path, document()), detector)
        assert dataset.truth.score([result(cat()), result(dog())]) == pytest.approx(1)
        assert dataset.truth.score([result(dog()), result(cat())]) == 0.0
        assert dataset.truth.score([result(), result()]) == 0.0

    def test_the_mean_is_over_categories_that_are_there(self, tmp_path: Path, detector: Manifest) -> None:
        dataset = read_dataset(write(tmp_path, document()), detector)
        assert dataset.truth.score([result(cat()), result()]) == pytest.approx(0.5)
        assert dataset.truth.score([result(cat(0.5), cat(0.6, (20, 20, 30, 30))), result(dog())]) == pytest.approx(0.75)

    def test_half_an_overlap_is_enough(self, tmp_path: Path, detector: Manifest) -> None:
        dataset = read_dataset(write(tmp_path, document()), detector)
        results = [result(cat(box=(2, 2, 12, 7.1))), result(dog(box=(2, 2, 12, 6.9)))]
        assert dataset.truth.score(results) == pytest.approx(0.5)

    def test_nothing_is_printed(self, tmp_path: Path, detector: Manifest, capfd: pytest.CaptureFixture[str]) -> None:
        read_dataset(write(tmp_path, document()), detector).truth.score([result(cat()), result(dog())])
        assert capfd.readouterr() == ("", "")

    def test_masks_are_rated_by_their_overlap(self, tmp_path: Path, detector: Manifest) -> None:
        content = document()
        content["annotations"] = [annotation(7, 18, segmentation=POLYGON), annotation(8, 17, segmentation=POLYGON)]
        manifest = retask(detector, "instance_segmentation")
        dataset = read_dataset(write(tmp_path, content), manifest)
        whole, part = (encode(np.ones((10, width), bool), 2, 2, (30, 40)) for width in (10, 4))
        found = [Instance("cat", 0, 0.9, FOUND, whole)], [Instance("dog", 1, 0.9, FOUND, part)]
        assert dataset.metric == "AP@.5"
        assert dataset.truth.score([result(*found[0]), result(*found[1])]) == pytest.approx(0.5)

    def test_poses_are_rated_by_the_similarity_of_keypoints(self, tmp_path: Path, detector: Manifest) -> None:
        content = document()
        content["categories"] = [{"id": 1, "name": "person"}]
        content["annotations"] = [annotation(n, 1, keypoints=JOINTS, num_keypoints=17) for n in (7, 8)]
        write(tmp_path, content, "person_keypoints.json")
        dataset = read_dataset(tmp_path, retask(detector, "pose", ["person"]))
        assert dataset.metric == "OKS AP@.5"
        right = tuple((x + 0.5, y + 0.5, 1.0) for x, y in zip(JOINTS[::3], JOINTS[1::3], strict=True))
        wrong = tuple((x + 9, y, score) for x, y, score in right)
        results = [result(Pose("person", 3, 0.9, right)), result(Pose("person", 3, 0.8, wrong))]
        assert dataset.truth.score(results) == pytest.approx(51 / 101)  # recalls 0, .01, ..., .5 have a precision of 1
        with pytest.raises(PackError, match="other joints") as caught:
            dataset.truth.score([result(Pose("person", 3, 0.9, right[:16])), result()])
        assert caught.value.got == "16 keypoints"

    def test_results_must_be_as_many_as_the_pictures(self, tmp_path: Path, detector: Manifest) -> None:
        with pytest.raises(ValueError, match="shorter"):
            read_dataset(write(tmp_path, document()), detector).truth.score([result(cat())])


def test_pycocotools_is_asked_for(tmp_path: Path, detector: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, document())
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pycocotools") as caught:
        read_dataset(path, detector)
    assert caught.value.remedy == "pip install 'satchel[measure]'"


class TestUnusableTruth:
    def refusal(self, path: Path, manifest: Manifest) -> tuple[str, str | None]:
        with pytest.raises(PackError) as caught:
            read_dataset(path, manifest)
        return caught.value.message, caught.value.got

    def test_no_file(self, tmp_path: Path, detector: Manifest) -> None:
        assert self.refusal(tmp_path, detector)[0] == f"there is no annotation file {tmp_path / 'instances.json'}"

    @pytest.mark.parametrize(
        ("text", "got"),
        [
            ("{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
            ('{"images": []}', "images: List should have at least 1 item after validation, not 0"),
            (json.dumps(document() | {"categories": None}), "categories: Input should be a valid array"),
            (json.dumps(document() | {"annotations": [{"image_id": 7}]}), "annotations.0.category_id: Field required"),
        ],
    )
    def test_another_kind_of_file(self, tmp_path: Path, detector: Manifest, text: str, got: str) -> None:
        path = tmp_path / "instances.json"
        path.write_text(text)
        assert self.refusal(path, detector) == (f"{path} is not an annotation file in the form of COCO", got)

    def test_missing_pictures(self, tmp_path: Path, detector: Manifest) -> None:
        path = write(tmp_path, document())
        (tmp_path / "8.png").unlink()
        assert self.refusal(path, detector) == (f"1 of the 2 pictures of {path} are missing", "8.png")

    @pytest.mark.parametrize(
        ("annotations", "problem", "got"),
        [
            ([], "{} has no annotation to rate a model by", None),
            (
                [annotation(7, 18, iscrowd=1)],
                "{} has no annotation to rate a model by",
                "1 annotations, all of crowds or without a keypoint",
            ),
            ([annotation(7, 18), annotation(9, 18)], "annotations.1 of {} is of image 9, which is not listed", None),
            (
                [annotation(7, n) for n in (19, 18, 77)],
                "{} has categories that no label of the model is called by",
                "horse, category_id 77",
            ),
        ],
    )
    def test_annotations(
        self, tmp_path: Path, detector: Manifest, annotations: Any, problem: str, got: str | None
    ) -> None:
        path = write(tmp_path, document() | {"annotations": annotations})
        assert self.refusal(path, detector) == (problem.format(path), got)

    @pytest.mark.parametrize(
        ("task", "problem"),
        [
            ("instance_segmentation", "has no segmentation"),
            ("pose", "lacks keypoints: x, y and visibility of each of 17"),
        ],
    )
    def test_annotations_of_another_task(self, tmp_path: Path, detector: Manifest, task: str, problem: str) -> None:
        path = write(tmp_path, document())
        assert self.refusal(path, retask(detector, task))[0] == f"annotations.0 of {path} {problem}"

    def test_two_images_of_one_id(self, tmp_path: Path, detector: Manifest) -> None:
        content = document()
        content["images"][1]["id"] = 7
        path = write(tmp_path, content)
        assert self.refusal(path, detector)[0] == f"two images of {path} have the same id"


@needs_assets
@pytest.mark.assets
@pytest.mark.parametrize(
    ("steps", "expected"), [("min = 0.3", 0.3804), ("min = 0.01\nmulti_label = true", 0.6283)], ids=["served", "all"]
)
def test_a_real_detector_is_rated_with_the_steps_of_its_manifest(tmp_path: Path, steps: str, expected: float) -> None:
    """The second value is that of a direct evaluation: see the test of the zoo's YOLOX-Nano."""
    recipe = tmp_path / "yolox.toml"
    recipe.write_text(recipe_path("yolox_nano").read_text().replace("min = 0.3", steps))
    pack_model(ASSETS / "models/yolox_nano/yolox_nano.onnx", str(recipe), tmp_path / "yolox", images=[BEAR])
    bundle = open_bundle(tmp_path / "yolox")
    dataset = read_dataset(COCO / "instances.json", bundle.manifest)
    assert (dataset.name, len(dataset.images)) == ("coco_val2017", 20)
    with LocalPredictor.load(bundle) as predictor:
        outcomes = [outcome for path in dataset.images for outcome in predictor.predict([path.read_bytes()])]
    results = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    assert dataset.truth.score(results) == pytest.approx(expected, abs=0.005)
