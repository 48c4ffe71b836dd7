"""BMW's model folders."""

import json
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle.heads import Picked
from inference_core.bundle.postprocess import Restore, Score, Top
from inference_core.bundle.preprocess import Decode, ToTensor
from inference_core.errors import ManifestError, PackError
from inference_core.packing.model_folder import is_model_folder, read_model_folder

CONFIG = {
    "inference_engine_name": "tensorflow_detection",
    "confidence": 60,
    "predictions": 15,
    "number_of_classes": 2,
    "framework": "tensorflow",
    "type": "detection",
    "network": "Inception v2",
}
LABELS = "item { id: 1 name: 'cat' }\nitem { id: 2 name: 'dog' }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As in the README of the inference API for TensorFlow 1."""
    path = tmp_path / "Office Chairs"
    path.mkdir()
    (path / "frozen_inference_graph.pb").write_bytes(b"\x0a")
    (path / "object-detection.pbtxt").write_text(LABELS)
    return configure(path)


def configure(folder: Path, **changes: Any) -> Path:
    facts = {key: value for key, value in (CONFIG | changes).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(facts))
    return folder


def test_a_folder_says_all_that_packing_needs(folder: Path) -> None:
    found = read_model_folder(folder)
    assert is_model_folder(folder)
    assert found.model == folder / "frozen_inference_graph.pb"
    assert found.labels == folder / "object-detection.pbtxt"
    recipe = found.recipe
    assert (recipe.name, recipe.version, recipe.task) == ("office_chairs", "1", "detection")
    assert (recipe.architecture, recipe.license, recipe.labels) == ("inception_v2", "NOASSERTION", None)
    assert recipe.preprocess == (Decode(color="RGB"), ToTensor(layout="NHWC", dtype="uint8"))
    assert recipe.postprocess == (
        Picked(
            boxes="detection_boxes",
            scores="detection_scores",
            classes="detection_classes",
            count="num_detections",
            format="yxyx",
            normalized=True,
        ),
        Score(min=0.6),
        Top(k=15),
        Restore(),
    )


@pytest.mark.parametrize("inside", ["saved_model", "."])
def test_a_folder_of_tensorflow_2_has_a_saved_model(folder: Path, inside: str) -> None:
    (folder / "frozen_inference_graph.pb").unlink()
    (folder / inside).mkdir(exist_ok=True)
    (folder / inside / "saved_model.pb").write_bytes(b"\x08\x01")
    configure(folder, inference_engine_name="tensorflow2_detection")
    assert read_model_folder(folder).model == folder / inside


def test_names_of_files_may_vary(folder: Path) -> None:
    (folder / "config.json").rename(folder / "Config.json")
    (folder / "object-detection.pbtxt").rename(folder / "label_map.pbtxt")
    assert is_model_folder(folder)
    assert read_model_folder(folder).labels.name == "label_map.pbtxt"


@pytest.mark.parametrize(("confidence", "expected"), [(0, 0.0), (100, 1.0), (12.5, 0.125)])
def test_confidence_is_a_percentage(folder: Path, confidence: float, expected: float) -> None:
    assert read_model_folder(configure(folder, confidence=confidence)).recipe.postprocess[1] == Score(min=expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a" * 70, "a" * 64), ("_Été 2", "t_2"), ("v1.0-x", "v1.0-x"), ("..net", "net")],
)
def test_the_folders_name_becomes_that_of_the_bundle(folder: Path, name: str, expected: str) -> None:
    renamed = folder.rename(folder.parent / name)
    assert read_model_folder(renamed).recipe.name == expected


def test_a_name_without_a_letter_is_refused(folder: Path) -> None:
    renamed = folder.rename(folder.parent / "模型")
    with pytest.raises(PackError) as caught:
        read_model_folder(renamed)
    assert (caught.value.message, caught.value.got) == ("no name can be made of the folder's name", "模型")


@pytest.mark.parametrize(("stated", "fits"), [(2, True), (9, True), (8, False), (1, False)])
def test_classes_are_counted_by_labels_or_by_the_highest_id(folder: Path, stated: int, fits: bool) -> None:
    (folder / "object-detection.pbtxt").write_text(LABELS.replace("id: 2", "id: 9"))
    configure(folder, number_of_classes=stated)
    if fits:
        read_model_folder(folder)
        return
    with pytest.raises(PackError) as caught:
        read_model_folder(folder)
    assert (
        caught.value.message == f"{folder / 'config.json'} and {folder / 'object-detection.pbtxt'} do not fit together"
    )
    assert caught.value.got == f"number_of_classes {stated}"
    assert caught.value.expected == "2, the number of labels, or 9"


def test_without_gaps_only_the_number_of_labels_fits(folder: Path) -> None:
    configure(folder, number_of_classes=90)
    with pytest.raises(PackError) as caught:
        read_model_folder(folder)
    assert caught.value.expected == "2, the number of labels"


@pytest.mark.parametrize(
    ("changes", "message", "got", "remedy"),
    [
        ({"confidance": 3}, "unknown key confidance", "3", "rename it to 'confidence'"),
        ({"confidence": None}, "key confidence is missing", "nothing", "add confidence"),
        ({"confidence": 101}, "wrong value at confidence", "101", "correct confidence"),
        ({"confidence": -1}, "wrong value at confidence", "-1", "correct confidence"),
        ({"confidence": "60"}, "wrong value at confidence", '"60"', "correct confidence"),
        ({"predictions": 0}, "wrong value at predictions", "0", "correct predictions"),
        ({"predictions": 1.5}, "wrong value at predictions", "1.5", "correct predictions"),
        ({"number_of_classes": True}, "wrong value at number_of_classes", "true", "correct number_of_classes"),
        ({"type": "segmentation"}, "wrong value at type", '"segmentation"', "correct type"),
        ({"framework": "openvino"}, "wrong value at framework", '"openvino"', "correct framework"),
        ({"network": ""}, "wrong value at network", '""', "correct network"),
        (
            {"inference_engine_name": "yolov4_opencv_cpu_detection"},
            "wrong value at inference_engine_name",
            '"yolov4_opencv_cpu_detection"',
            "correct inference_engine_name",
        ),
    ],
)
def test_a_configuration_with_another_key_or_value_is_refused(
    folder: Path, changes: dict[str, Any], message: str, got: str, remedy: str
) -> None:
    configure(folder, **changes)
    with pytest.raises(ManifestError) as caught:
        read_model_folder(folder)
    assert caught.value.message == f"{folder / 'config.json'}: {message}"
    assert (caught.value.got, caught.value.remedy) == (got, remedy)


def test_the_engines_that_are_known_are_named(folder: Path) -> None:
    configure(folder, inference_engine_name="openvino_detection")
    with pytest.raises(ManifestError) as caught:
        read_model_folder(folder)
    assert caught.value.expected == "Input should be 'tensorflow_detection' or 'tensorflow2_detection'"


MODELS = "frozen_inference_graph.pb (TensorFlow 1), saved_model/saved_model.pb or saved_model.pb (TensorFlow 2)"


@pytest.mark.parametrize(
    ("removed", "added", "got", "expected"),
    [
        ("frozen_inference_graph.pb", None, "none", MODELS),
        (None, "saved_model.pb", "frozen_inference_graph.pb, saved_model.pb", MODELS),
        (None, "saved_model/saved_model.pb", "frozen_inference_graph.pb, saved_model/saved_model.pb", MODELS),
        ("object-detection.pbtxt", None, "none", "a label map such as object-detection.pbtxt"),
        (None, "other.pbtxt", "object-detection.pbtxt, other.pbtxt", "a label map such as object-detection.pbtxt"),
        ("config.json", None, "none", "config.json"),
    ],
)
def test_a_part_that_is_missing_or_there_twice_is_named(
    folder: Path, removed: str | None, added: str | None, got: str, expected: str
) -> None:
    if removed is not None:
        (folder / removed).unlink()
    if added is not None:
        (folder / added).parent.mkdir(exist_ok=True)
        (folder / added).write_bytes(b"")
    with pytest.raises(PackError) as caught:
        read_model_folder(folder)
    assert (caught.value.got, caught.value.expected) == (got, expected)
    assert str(folder) in caught.value.message


def test_other_places_are_no_model_folders(folder: Path) -> None:
    assert not is_model_folder(folder.parent)
    assert not is_model_folder(folder / "config.json")
    assert not is_model_folder(folder / "nowhere")
