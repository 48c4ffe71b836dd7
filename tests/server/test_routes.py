"""The routes: exactly what each says about tiny bundles, worked out by hand."""

import hashlib
import json
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from inference_core import __version__
from inference_core.engines import engine_versions
from inference_core.imaging import imaging_paths
from inference_core.packing import pack_model
from inference_core.tasks.native import postprocessing_path
from tests.models import CLASSIFIER_RECIPE, write_classifier
from tests.pictures import plain
from tests.server.doors import open_door

CLASSIFIER = {"name": "tiny_classifier", "version": "1", "task": "classification", "architecture": "tiny"}
READY = {"state": "ready"}
DETECTOR = {"name": "tiny_detector", "version": "1", "task": "detection", "architecture": "tiny"}


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1) as client:
        yield client


def test_small_routes_answer_exactly(door: TestClient) -> None:
    expected = {
        "/models": {"models": [CLASSIFIER | READY, DETECTOR | READY]},
        "/models/tiny_detector/status": {
            "model": "tiny_detector",
            "versions": [{"version": "1", "state": "ready", "reason": None}],
        },
        "/models/tiny_classifier/labels": {
            "labels": [{"id": 0, "name": "red"}, {"id": 1, "name": "green"}, {"id": 2, "name": "blue"}]
        },
        "/models/tiny_detector/labels": {"labels": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]},
        "/health/live": {"status": "live"},
        "/health/ready": {"status": "ready", "models": ["tiny_classifier", "tiny_detector"]},
        "/version": {
            "satchel": __version__,
            "python": platform.python_version(),
            "engines": engine_versions(),
            "imaging": imaging_paths(),
            "postprocessing": postprocessing_path(),
        },
    }
    for path, content in expected.items():
        answer = door.get(path)
        assert (answer.status_code, answer.json()) == (200, content), path
        assert answer.headers["content-type"] == "application/json"


def test_a_model_is_described_with_source_engine_and_tensors(door: TestClient, tiny_models: Path) -> None:
    folder = tiny_models / "tiny_classifier"
    model = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert door.get("/models/tiny_classifier").json() == CLASSIFIER | READY | {
        "license": "MIT",
        "source": {"url": None, "sha256": model, "note": None},
        "metrics": [],
        "provenance": {"satchel": __version__, "onnxruntime": version("onnxruntime"), "opset": "17"},
        "digest": hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest(),
        "engine": {
            "engine": "onnxruntime",
            "version": version("onnxruntime"),
            "device": "cpu",
            "providers": ["CPUExecutionProvider"],
            "precision": "fp32",
            "threads": 1,
            "instances": 1,
            "notes": [],
        },
        "artifact": {
            "engine": "onnxruntime",
            "precision": "fp32",
            "file": "model.onnx",
            "companions": [],
            "inputs": [{"name": "images", "dtype": "float32", "shape": ["batch", 3, 8, 8], "layout": "NCHW"}],
            "outputs": [{"name": "logits", "dtype": "float32", "shape": ["batch", 3]}],
        },
    }


def test_a_configuration_holds_every_step_as_the_bundle_has_it(door: TestClient, tiny_models: Path) -> None:
    written = json.loads((tiny_models / "tiny_detector" / "bundle.json").read_text())
    shown = door.get("/models/tiny_detector/config").json()
    assert (shown.pop("confidence"), shown.pop("max_predictions")) == (None, None)
    assert shown == {"preprocess": written["preprocess"], "postprocess": written["postprocess"]}
    assert [step["op"] for step in shown["postprocess"]] == ["boxes", "score", "nms", "top", "restore"]
    assert shown["postprocess"][1]["min"] == 0.5


def test_a_detection_is_in_pixels_of_the_picture_sent(door: TestClient) -> None:
    answer = door.post("/models/tiny_detector/predict", content=plain((9, 9, 9), 64, 64)).json()
    del answer["timings_ms"]
    score = [pytest.approx(value, abs=1e-7) for value in (0.9, 0.7)]
    assert answer == {  # the model's boxes lie on 32 x 32 pixels: twice as large here
        "model": "tiny_detector",
        "version": "1",
        "task": "detection",
        "image": {"width": 64, "height": 64},
        "predictions": [
            {"label": "cat", "class_id": 0, "score": score[0], "box": [0.0, 0.0, 32.0, 32.0]},
            {"label": "dog", "class_id": 1, "score": score[1], "box": [16.0, 16.0, 64.0, 64.0]},
        ],
    }


def test_published_ids_with_gaps_are_kept(tmp_path: Path) -> None:
    labels = [{"id": 90, "name": "red"}, {"id": 1, "name": "grün"}, {"id": 7, "name": "blue"}]
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    (tmp_path / "recipe.toml").write_text(CLASSIFIER_RECIPE.replace("labels.txt", "labels.json"))
    pack_model(write_classifier(tmp_path / "m.onnx"), str(tmp_path / "recipe.toml"), tmp_path / "bundle")
    with open_door(tmp_path / "bundle") as door:
        assert door.get("/models/tiny_classifier/labels").json() == {"labels": labels}
        found = door.post("/models/tiny_classifier/predict", content=plain((255, 100, 0))).json()["predictions"]
    assert [(p["label"], p["class_id"]) for p in found] == [("red", 90), ("grün", 1)]
