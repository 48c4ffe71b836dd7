"""Results against the classes of pictures."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from inference_core.bundle import Label, Manifest, open_bundle
from inference_core.errors import PackError
from inference_core.packing.tuning.accuracy import Dataset, read_dataset
from inference_core.tasks import Classification, ImageSize, Prediction, Result
from tests.models import pack_classifier
from tests.pictures import plain


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Of labels red, green and blue."""
    return open_bundle(pack_classifier(tmp_path_factory.mktemp("classifier"))).manifest


def result(*predictions: Prediction) -> Result:
    return Result("tiny", "1", "any", ImageSize(40, 30), predictions)


def labelled(manifest: Manifest, names: Sequence[str]) -> Manifest:
    """With labels of ids from 3 on."""
    labels = tuple(Label(id=3 + number, name=name) for number, name in enumerate(names))
    return manifest.model_copy(update={"labels": labels})


def folders(root: Path, **pictures: int) -> Path:
    for name, count in pictures.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            (root / name / f"{number}.PNG").write_bytes(plain((255, 0, 0)))
    return root


def chosen(*ids: int) -> Result:
    return result(*(Classification(str(number), number, 0.5) for number in ids))


def test_enlarged_pictures_have_no_truth(tmp_path: Path, classifier: Manifest) -> None:
    with pytest.raises(PackError, match="agreement with the source model alone"):
        read_dataset(tmp_path, classifier.model_copy(update={"task": "super_resolution"}))


class TestClasses:
    def test_the_best_class_counts(self, tmp_path: Path, classifier: Manifest) -> None:
        (tmp_path / "LICENSE").write_text("of the pictures")
        dataset = read_dataset(folders(tmp_path, blue=1, red=3), classifier)
        assert dataset == Dataset(tmp_path.name, "top-1", dataset.images, dataset.truth)
        assert [path.relative_to(tmp_path).as_posix() for path in dataset.images] == [
            "blue/0.PNG",
            "red/0.PNG",
            "red/1.PNG",
            "red/2.PNG",
        ]
        assert dataset.truth.score([chosen(2, 0), chosen(0), chosen(1, 0), chosen()]) == 0.5

    @pytest.mark.parametrize(
        ("labels", "name", "number"),
        [
            (["great white shark", "ray"], "Great_White_Shark", 3),
            (["tench", "shark"], "4", 4),
            (["4", "5"], "4", 3),
            (["n01440764 tench, Tinca tinca", "n01443537 goldfish"], "n01443537", 4),
        ],
    )
    def test_a_folder_is_named_for_its_label(
        self, tmp_path: Path, classifier: Manifest, labels: list[str], name: str, number: int
    ) -> None:
        manifest = labelled(classifier, labels)
        dataset = read_dataset(folders(tmp_path, **{name: 1}), manifest)
        assert dataset.truth.score([chosen(number)]) == 1.0
        assert dataset.truth.score([chosen(7 - number)]) == 0.0

    @pytest.mark.parametrize(
        ("labels", "name", "message", "got"),
        [
            (["red", "blue"], "green", "{} is named for no class of the model", "green"),
            (["red", "blue"], "n01443537", "{} is named for no class of the model", "n01443537"),
            (["great white shark"], "great", "{} is named for no class of the model", "great"),
            (["crane", "ray", "crane"], "crane", "2 classes are called 'crane'", "id 3, id 5"),
        ],
    )
    def test_a_folder_of_no_single_class_is_refused(
        self, tmp_path: Path, classifier: Manifest, labels: list[str], name: str, message: str, got: str
    ) -> None:
        manifest = labelled(classifier, labels)
        with pytest.raises(PackError) as caught:
            read_dataset(folders(tmp_path, **{name: 1}), manifest)
        assert (caught.value.message, caught.value.got) == (message.format(tmp_path / name), got)

    def test_folders_must_hold_pictures(self, tmp_path: Path, classifier: Manifest) -> None:
        with pytest.raises(PackError, match="holds no classes"):
            read_dataset(folders(tmp_path), classifier)
        with pytest.raises(PackError, match=r"there are no pictures at .*red"):
            read_dataset(folders(tmp_path, blue=1, red=0), classifier)
