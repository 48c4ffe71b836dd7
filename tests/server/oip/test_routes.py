"""What /v2 tells of server and models, who may change them, and the shape of its errors."""

from pathlib import Path
from typing import Any

import pytest

from inference_core import __version__
from tests.server.doors import open_door
from tests.server.oip.asking import CLASSIFIER, DETECTOR, infer, tensor


def test_the_server_says_what_it_is_and_that_it_is_ready(tiny_models: Path) -> None:
    with open_door(tiny_models) as client:
        metadata = client.get("/v2").json()
        assert (metadata["name"], metadata["version"]) == ("satchel", __version__)
        assert {"binary_tensor_data", "model_repository"} <= set(metadata["extensions"])
        assert client.get("/v2/health/live").json() == {"live": True}
        assert client.get("/v2/health/ready").json() == {"ready": True}


@pytest.mark.parametrize("path", [DETECTOR, f"{DETECTOR}/versions/1"])
def test_a_model_says_what_its_tensors_are(tiny_models: Path, path: str) -> None:
    with open_door(tiny_models) as client:
        assert client.get(path).json() == {
            "name": "tiny_detector",
            "versions": ["1"],
            "platform": "onnxruntime_onnx",
            "inputs": [{"name": "images", "datatype": "FP32", "shape": [1, 3, 32, 32]}],
            "outputs": [
                {"name": "boxes", "datatype": "FP32", "shape": [1, 4, 4]},
                {"name": "scores", "datatype": "FP32", "shape": [1, 4, 2]},
            ],
            "properties": {"image_input": "image", "image_output": "result"},
        }
        assert client.get(f"{path}/ready").json() == {"name": "tiny_detector", "ready": True}
        config = client.get(f"{path}/config").json()
        assert config["max_batch_size"] == 0
        assert config["input"] == [{"name": "images", "data_type": "TYPE_FP32", "dims": [1, 3, 32, 32]}]
        assert [output["dims"] for output in config["output"]] == [[1, 4, 4], [1, 4, 2]]


def test_axes_that_are_not_fixed_are_minus_one(tiny_models: Path) -> None:
    with open_door(tiny_models) as client:
        assert client.get(CLASSIFIER).json()["inputs"][0]["shape"] == [-1, 3, 8, 8]


@pytest.mark.parametrize(
    "path", ["/v2/models/none", "/v2/models/none/ready", "/v2/models/none/config", f"{CLASSIFIER}/versions/9"]
)
def test_errors_are_one_string_with_the_status(tiny_models: Path, path: str) -> None:
    with open_door(tiny_models) as client:
        response = client.get(path)
        assert response.status_code == 404
        assert list(response.json()) == ["error"]
        assert response.json()["error"].startswith(("there is no model none", "model tiny_classifier has no version 9"))
        assert client.post(f"{CLASSIFIER}/versions/9/infer", json={}).status_code == 404


def test_the_index_lists_every_version_and_its_state(tiny_models: Path) -> None:
    def entry(name: str, state: str) -> dict[str, str]:
        return {"name": name, "version": "1", "state": state, "reason": ""}

    with open_door(tiny_models, load="lazy") as client:
        assert client.get(f"{CLASSIFIER}/ready").status_code == 503
        assert infer(client, tensor("images", [1, 3, 8, 8], [0.0] * 192)).status_code == 200
        both = [entry("tiny_classifier", "READY"), entry("tiny_detector", "UNAVAILABLE")]
        assert client.post("/v2/repository/index").json() == both
        assert client.post("/v2/repository/index", json={"ready": True}).json() == both[:1]
        for wrong in (b"{", b"[]", b'{"ready": 1}'):
            assert client.post("/v2/repository/index", content=wrong).status_code == 400


def test_models_are_loaded_and_unloaded_where_that_is_allowed(tiny_models: Path) -> None:
    change = "/v2/repository/models/tiny_classifier"
    with open_door(tiny_models, admin=True) as client:
        assert client.post(f"{change}/unload", json={"parameters": {"unload_dependents": False}}).status_code == 200
        assert client.get(f"{CLASSIFIER}/ready").status_code == 503
        assert client.post(f"{CLASSIFIER}/infer", json={}).status_code == 503
        assert client.post(f"{change}/load", json={"parameters": {"config": "{}"}}).status_code == 400
        assert client.post(f"{change}/load").status_code == 200
        assert client.get(f"{CLASSIFIER}/ready").status_code == 200
        assert client.post("/v2/repository/models/none/load").status_code == 404


@pytest.mark.parametrize(("settings", "status"), [({}, 403), ({"admin": True, "workers": 2}, 409)])
def test_elsewhere_changes_are_refused(tiny_models: Path, settings: dict[str, Any], status: int) -> None:
    with open_door(tiny_models, **settings) as client:
        for change in ("load", "unload"):
            response = client.post(f"/v2/repository/models/tiny_classifier/{change}")
            assert (response.status_code, list(response.json())) == (status, ["error"])


def test_a_full_queue_says_when_to_come_again(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_door(tiny_models, queue_size=0, threads=1) as client:
        scheduler = client.app.state.service.models.entry("tiny_classifier").model.scheduler  # type: ignore[attr-defined]
        monkeypatch.setattr(scheduler, "_admitted", scheduler.capacity)
        response = client.post(f"{CLASSIFIER}/infer", json={})
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "1"
