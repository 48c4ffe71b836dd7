"""The routes below /v1 over the tiny bundles, worked out by hand, and over real models."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from inference_core.packing import pack_model
from tests.assets import ASSETS, BEAR, needs_assets
from tests.models import pack_classifier
from tests.packages import needs_tensorflow, needs_tf2onnx
from tests.pictures import plain
from tests.server.doors import open_door
from tests.zoo.tensorflow_runs import run_ours

CLASSIFIER, DETECTOR = "/v1/models/tiny_classifier", "/v1/models/tiny_detector"
FORMS = ("", "/versions/1")
ANSWER = {"num_detections": 2.0, "detection_boxes": [[0.0, 0.0, 1.0, 0.5], [0.5, 0.25, 1.0, 1.0]]}
"""Of the detector, for a picture twice as wide as its input."""


def b64(picture: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(picture).decode()}


RED, BLUE, WIDE = b64(plain((255, 0, 0))), b64(plain((0, 0, 255))), b64(plain((255, 0, 0), 64, 32))


def channels(red: float, green: float, blue: float) -> Any:
    """One input of the classifier, [3, 8, 8]."""
    return np.broadcast_to(np.array([[[red]], [[green]], [[blue]]]), (3, 8, 8)).tolist()


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1) as client:
        yield client


def ask(door: TestClient, path: str, document: Any) -> Any:
    answer = door.post(path, json=document)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize("form", FORMS)
def test_tensors_by_row_and_by_column(door: TestClient, form: str) -> None:
    path = f"{CLASSIFIER}{form}:predict"
    rows = [channels(1, 0, 0.5), channels(0, 2, 0)]
    logits = [[10.0, 0.0, 5.0], [0.0, 20.0, 0.0]]
    assert ask(door, path, {"instances": rows}) == {"predictions": logits}
    assert ask(door, path, {"instances": [{"images": row} for row in rows]}) == {"predictions": logits}
    assert ask(door, path, {"inputs": rows}) == {"outputs": logits}
    assert ask(door, path, {"inputs": {"images": rows}, "signature_name": "serving_default"}) == {"outputs": logits}


def test_several_outputs_have_names_and_a_fixed_batch_is_no_limit(door: TestClient) -> None:
    rows = np.zeros((3, 3, 32, 32)).tolist()
    predictions = ask(door, f"{DETECTOR}:predict", {"instances": rows})["predictions"]
    assert len(predictions) == 3
    for row in predictions:
        assert list(row) == ["boxes", "scores"]
        assert row["boxes"][2] == [8.0, 8.0, 32.0, 32.0]
        assert row["scores"] == [[0.9, 0.1], [0.8, 0.1], [0.1, 0.7], [0.3, 0.2]]
    outputs = ask(door, f"{DETECTOR}:predict", {"inputs": rows})["outputs"]
    assert outputs == {name: [row[name] for row in predictions] for name in ("boxes", "scores")}


def test_a_classifier_that_takes_one_at_a_time_answers_for_each(tmp_path: Path) -> None:
    pack_classifier(tmp_path, batch=1)
    with open_door(tmp_path / "models", threads=1) as door:
        rows = [channels(number, 0, 0) for number in range(5)]
        predictions = ask(door, f"{CLASSIFIER}:predict", {"instances": rows})["predictions"]
        assert predictions == [[10.0 * number, 0.0, 0.0] for number in range(5)]
        found = ask(door, f"{CLASSIFIER}:predict", {"instances": [RED, BLUE, RED]})["predictions"]
        assert [row["classes"][0] for row in found] == ["red", "blue", "red"]


@pytest.mark.parametrize("form", FORMS)
def test_encoded_pictures_run_the_whole_pipeline(door: TestClient, form: str) -> None:
    path = f"{DETECTOR}{form}:predict"
    [first, second] = ask(door, path, {"instances": [WIDE, {"image_bytes": WIDE}]})["predictions"]
    assert first == second
    assert {name: first[name] for name in ANSWER} == ANSWER
    assert first["detection_classes"] == [0.0, 1.0]
    assert first["detection_scores"] == pytest.approx([0.9, 0.7])
    columns = {name: [value] for name, value in first.items()}
    for inputs in (WIDE, [WIDE], {"inputs": WIDE}, {"inputs": [WIDE]}):
        assert ask(door, path, {"inputs": inputs}) == {"outputs": columns}


@pytest.mark.parametrize("form", FORMS)
def test_pictures_are_classified(door: TestClient, form: str) -> None:
    rest = np.exp(-10)
    best, other = 1 / (1 + 2 * rest), rest / (1 + 2 * rest)
    answer = ask(door, f"{CLASSIFIER}{form}:classify", {"examples": [{"x": RED}, {"y": BLUE}]})
    [[red, green], [blue, _]] = answer["results"]
    assert (red, green) == (["red", pytest.approx(best)], ["green", pytest.approx(other)])
    assert blue == ["blue", pytest.approx(best)]
    [row] = ask(door, f"{CLASSIFIER}{form}:predict", {"instances": [RED]})["predictions"]
    assert row == {"classes": ["red", "green"], "scores": [red[1], green[1]]}


def test_stages_are_timed_for_one_picture(door: TestClient) -> None:
    answer = door.post(f"{CLASSIFIER}:predict", json={"instances": [RED]})
    assert "infer" in answer.headers["server-timing"]


@pytest.mark.parametrize("form", FORMS)
def test_status_and_metadata(door: TestClient, form: str) -> None:
    status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert door.get(CLASSIFIER + form).json() == {"model_version_status": [status]}
    metadata = door.get(f"{CLASSIFIER}{form}/metadata").json()
    assert metadata["model_spec"] == {"name": "tiny_classifier", "signature_name": "", "version": "1"}
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["images"]["dtype"] == "DT_FLOAT"
    shapes = [
        signature[kind][name]["tensor_shape"]["dim"] for kind, name in (("inputs", "images"), ("outputs", "logits"))
    ]
    assert [[dim["size"] for dim in shape] for shape in shapes] == [["-1", "3", "8", "8"], ["-1", "3"]]


def test_versions_are_listed_the_newest_first_and_asked_by_number(tmp_path: Path) -> None:
    models = tmp_path / "served"
    for version, scale in (("2", 20.0), ("10", 100.0)):
        bundle = pack_classifier(tmp_path, scale=scale)
        text = (bundle / "bundle.json").read_text()
        assert text.count('"version": "1"') == 1
        (bundle / "bundle.json").write_text(text.replace('"version": "1"', f'"version": "{version}"'))
        shutil.move(bundle, models / version)
    with open_door(models, threads=1) as door:
        listed = door.get(CLASSIFIER).json()["model_version_status"]
        assert [each["version"] for each in listed] == ["10", "2"]
        document = {"instances": [channels(1, 0, 0)]}
        for form, logit in (("", 100.0), ("/versions/10", 100.0), ("/versions/2", 20.0)):
            assert ask(door, f"{CLASSIFIER}{form}:predict", document) == {"predictions": [[logit, 0.0, 0.0]]}
        assert door.post(f"{CLASSIFIER}/versions/3:predict", json=document).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/nothing"),
        ("GET", "/v1/models/nothing/metadata"),
        ("GET", f"{CLASSIFIER}/versions/2"),
        ("GET", f"{CLASSIFIER}/versions/2/metadata"),
        ("GET", f"{CLASSIFIER}:predict"),
        ("POST", "/v1/models/nothing:predict"),
        ("POST", "/v1/models/nothing:regress"),
        ("POST", f"{CLASSIFIER}:other:predict"),
        ("POST", f"{CLASSIFIER}/versions/2:classify"),
    ],
)
def test_what_is_not_there_is_404_in_one_sentence(door: TestClient, method: str, path: str) -> None:
    answer = door.request(method, path, json={"instances": [1]} if method == "POST" else None)
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(("there is no model ", "model tiny_classifier has no version 2"))


def test_the_routes_are_documented(door: TestClient) -> None:
    document = door.get("/openapi.json").json()
    paths = {path: methods for path, methods in document["paths"].items() if path.startswith("/v1/")}
    assert len(paths) == 10
    for methods in paths.values():
        for operation in methods.values():
            assert operation["tags"] == ["TensorFlow Serving API"]
            error = operation["responses"]["404"]["content"]["application/json"]["schema"]
            assert error["properties"] == {"error": {"type": "string"}}


@needs_assets
@pytest.mark.assets
def test_the_bear_is_where_the_products_own_route_finds_it(tmp_path: Path) -> None:
    pack_model(ASSETS / "models/yolox_nano/yolox_nano.onnx", "yolox_nano", tmp_path / "yolox", images=[BEAR])
    with open_door(tmp_path, threads=1) as door:
        [bear] = ask(door, "/v1/models/yolox_nano:predict", {"instances": [b64(BEAR.read_bytes())]})["predictions"]
        own = door.post("/models/yolox_nano/predict", content=BEAR.read_bytes()).json()
    _compare(bear, own)
    assert bear["detection_classes"] == [21.0] and bear["detection_scores"][0] > 0.9


@needs_assets
@needs_tensorflow
@needs_tf2onnx
@pytest.mark.assets
@pytest.mark.slow
def test_a_client_of_tensorflows_own_model_keeps_working(tmp_path: Path) -> None:
    frozen = ASSETS / "models" / "ssd_mobilenet_v1" / "frozen_inference_graph.pb"
    run_ours(frozen, "ssd_mobilenet_v1", ["onnxruntime"], tmp_path / "ssd", [BEAR])
    with open_door(tmp_path, threads=1) as door:
        path = "/v1/models/ssd_mobilenet_v1:predict"
        [bear] = ask(door, path, {"instances": [b64(BEAR.read_bytes())]})["predictions"]
        own = door.post("/models/ssd_mobilenet_v1/predict", content=BEAR.read_bytes()).json()
    _compare(bear, own)
    assert bear["detection_classes"][0] == 23.0


def _compare(row: dict[str, Any], own: dict[str, Any]) -> None:
    """The row of one picture has what the product's own answer has."""
    width, height = own["image"]["width"], own["image"]["height"]
    assert row["num_detections"] == len(own["predictions"])
    assert row["detection_scores"] == [found["score"] for found in own["predictions"]]
    for (y1, x1, y2, x2), found in zip(row["detection_boxes"], own["predictions"], strict=True):
        assert [x1 * width, y1 * height, x2 * width, y2 * height] == pytest.approx(found["box"])
