"""The real SSD MobileNetV1 as frozen graph and SavedModel, against ground truth and against TensorFlow itself."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pycocotools.coco import COCO as Truth

from inference_core.bundle import open_bundle
from inference_core.zoo import recipe_path
from tests.assets import ASSETS, BEAR, COCO, needs_assets
from tests.packages import needs_tensorflow, needs_tf2onnx
from tests.zoo.coco import iou, mean_average_precision, record
from tests.zoo.tensorflow_runs import run_ours, run_upstream

pytestmark = [needs_assets, needs_tensorflow, needs_tf2onnx, pytest.mark.assets, pytest.mark.slow]

FOLDER = ASSETS / "models" / "ssd_mobilenet_v1"
FROZEN, SAVED = FOLDER / "frozen_inference_graph.pb", FOLDER / "saved_model"
MINIMUM = 0.01
"""Score that a box has to reach to be counted."""
TOLERANCES = {"tensorflow": 0.005, "onnxruntime": 0.01}
"""By the engine; for the second one the model is converted."""


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The zoo's recipe with a low threshold."""
    path = tmp_path_factory.mktemp("recipe") / "low.toml"
    text = recipe_path("ssd_mobilenet_v1").read_text()
    assert text.count("min = 0.3") == 1
    path.write_text(text.replace("min = 0.3", f"min = {MINIMUM}"))
    return str(path)


def pictures(truth: Truth) -> list[Path]:
    return [COCO / "images" / image["file_name"] for image in truth.imgs.values()]


@pytest.mark.parametrize("model", [FROZEN, SAVED], ids=["frozen", "saved_model"])
def test_map_is_that_of_a_direct_evaluation(truth: Truth, low: str, tmp_path: Path, model: Path) -> None:
    pictures = [COCO / "images" / image["file_name"] for image in truth.imgs.values()]
    ours = {
        engine: mean_average_precision(
            truth,
            [
                record(number, found["class_id"], found["score"], found["box"])
                for number, answer in zip(truth.imgs, answers, strict=True)
                for found in answer
            ],
        )
        for engine, answers in run_ours(model, low, list(TOLERANCES), tmp_path / "bundle", pictures).items()
    }
    direct = mean_average_precision(
        truth,
        [
            record(number, int(category), score, box)
            for number, rows in zip(truth.imgs, run_upstream("detect", model, pictures), strict=True)
            for category, score, *box in rows
            if score >= MINIMUM
        ],
    )
    print(f"\nSSD MobileNetV1, {model.name}: mAP@.5 {ours}, direct {direct:.4f}")
    assert len(pictures) == 20 and direct > 0.5
    for engine, tolerance in TOLERANCES.items():
        assert ours[engine] == pytest.approx(direct, abs=tolerance)


def model_folder(folder: Path, model: Path, **changes: Any) -> Path:
    """BMW's folder for TensorFlow 1, or for TensorFlow 2, with the SavedModel in the folder itself."""
    if model.is_dir():
        shutil.copytree(model, folder)
    else:
        folder.mkdir()
        shutil.copy(model, folder)
    shutil.copy(FOLDER / "mscoco_label_map.pbtxt", folder / "object-detection.pbtxt")
    facts = {"confidence": 60, "predictions": 15, "number_of_classes": 90}
    facts |= {"framework": "tensorflow", "type": "detection", "network": "ssd"} | changes
    (folder / "config.json").write_text(json.dumps(facts))
    return folder


@pytest.mark.parametrize(
    ("model", "name", "file"),
    [(FROZEN, "tensorflow_detection", "model.pb"), (SAVED, "tensorflow2_detection", "saved_model")],
    ids=["frozen", "saved_model"],
)
def test_a_model_folder_finds_the_bear_where_it_is(
    truth: Truth, tmp_path: Path, model: Path, name: str, file: str
) -> None:
    folder = model_folder(tmp_path / "Bears", model, inference_engine_name=name)
    [[bear]] = run_ours(folder, None, ["tensorflow"], tmp_path / "bundle", [BEAR])["tensorflow"]
    assert (bear["label"], bear["class_id"]) == ("bear", 23)
    assert bear["score"] == pytest.approx(0.78, abs=0.01)
    [(x, y, width, height)] = [a["bbox"] for a in truth.imgToAnns[285] if not a["iscrowd"]]
    assert iou(bear["box"], (x, y, x + width, y + height)) >= 0.85
    with open_bundle(tmp_path / "bundle") as bundle:
        assert (bundle.manifest.name, len(bundle.manifest.labels)) == ("bears", 80)
        assert [artifact.file for artifact in bundle.manifest.artifacts] == [file]
        assert not any("config.json" in path for path in bundle.manifest.files)
