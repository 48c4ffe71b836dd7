"""Changes at run time: who may make them, and what load and unload do."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.pictures import plain
from tests.repository.bundles import pack_version, put
from tests.server.doors import Gate, ask, body_of, open_door, started_app

CLASSIFIER, DETECTOR = "/models/tiny_classifier", "/models/tiny_detector"
CONFIG = f"{DETECTOR}/config"
GREY = plain((9, 9, 9), 64, 64)
RED = plain((255, 0, 0))


@pytest.fixture
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1, admin=True) as client:
        yield client


def labels(result: Any) -> list[str]:
    return [each["label"] for each in result["predictions"]]


def limits(answer: Any) -> tuple[float | None, int | None]:
    document = answer.json()
    return document["confidence"], document["max_predictions"]


def states(door: TestClient, name: str) -> list[tuple[str, str, str | None]]:
    versions = door.get(f"/models/{name}/status").json()["versions"]
    return [(each["version"], each["state"], each["reason"]) for each in versions]


VERBS = [("PATCH", "config"), ("POST", "load"), ("POST", "unload")]


@pytest.mark.parametrize(
    ("settings", "status", "code"),
    [({}, 403, "forbidden"), ({"admin": True, "workers": 2}, 409, "conflict")],
)
def test_changes_need_the_switch_and_one_process(
    tiny_models: Path, settings: dict[str, Any], status: int, code: str
) -> None:
    with open_door(tiny_models, threads=1, **settings) as door:
        for method, verb in VERBS:
            answer = door.request(method, f"{DETECTOR}/{verb}", json={"confidence": 0.99})
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), verb
        assert states(door, "tiny_detector") == [("1", "ready", None)]
        assert labels(door.post(f"{DETECTOR}/predict", content=GREY).json()) == ["cat", "dog"]
        assert limits(door.get(CONFIG)) == (None, None)


@pytest.mark.parametrize(("method", "verb"), VERBS)
def test_what_is_not_there_cannot_be_changed(door: TestClient, method: str, verb: str) -> None:
    answer = door.request(method, f"/models/nobody/{verb}", json={})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "there is no model nobody")
    if verb != "config":
        other = door.post(f"{DETECTOR}/{verb}?version=2")
        assert (other.status_code, other.json()["error"]["expected"]) == (404, "one of 1")
    assert states(door, "tiny_detector") == [("1", "ready", None)]


def test_an_unloaded_model_is_503_until_it_is_loaded_again(door: TestClient) -> None:
    for _ in range(2):  # it is the same to unload what is unloaded
        answer = door.post(f"{DETECTOR}/unload")
        assert answer.json() == {
            "model": "tiny_detector",
            "versions": [{"version": "1", "state": "unloaded", "reason": None}],
        }
    for verb in ("predict", "predict_batch", "predict_image"):
        refused = door.post(f"{DETECTOR}/{verb}", content=GREY)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_ready"), verb
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["remedy"] == "load it: POST /models/tiny_detector/load"
    assert door.post(f"{CLASSIFIER}/predict", content=RED).status_code == 200
    assert door.get(DETECTOR).json()["state"] == "unloaded"
    assert "engine" not in door.get(DETECTOR).json()
    assert door.get(f"{DETECTOR}/labels").status_code == 200  # what the manifest says can be asked all the same
    for _ in range(2):
        assert door.post(f"{DETECTOR}/load").json()["versions"][0]["state"] == "ready"
    assert labels(door.post(f"{DETECTOR}/predict", content=GREY).json()) == ["cat", "dog"]


def test_limits_outlive_unload_and_load(door: TestClient) -> None:
    assert door.patch(CONFIG, json={"confidence": 0.8}).status_code == 200
    door.post(f"{DETECTOR}/unload")
    assert door.patch(CONFIG, json={"max_predictions": 5}).json()["confidence"] == 0.8
    door.post(f"{DETECTOR}/load")
    assert limits(door.get(CONFIG)) == (0.8, 5)
    assert labels(door.post(f"{DETECTOR}/predict", content=GREY).json()) == ["cat"]


def test_one_version_comes_and_goes_alone(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for version in ("1", "2"):
        put(pack_version(tmp_path / version, version), models / "tiny_classifier" / version)
    with open_door(models, threads=1, admin=True) as door:
        assert door.post(f"{CLASSIFIER}/unload?version=2").status_code == 200
        assert states(door, "tiny_classifier") == [("2", "unloaded", None), ("1", "ready", None)]
        assert door.post(f"{CLASSIFIER}/predict", content=RED).json()["version"] == "1"
        assert door.post(f"{CLASSIFIER}/predict?version=2", content=RED).status_code == 503
        assert door.post(f"{CLASSIFIER}/load?version=2").status_code == 200
        assert door.post(f"{CLASSIFIER}/predict", content=RED).json()["version"] == "2"
        door.post(f"{CLASSIFIER}/unload")
        assert {state for _, state, _ in states(door, "tiny_classifier")} == {"unloaded"}


def test_loading_a_corrupt_bundle_says_why_and_the_old_one_serves_on(tiny_models: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(tiny_models, tmp_path / "models"))
    folder = models / "tiny_detector"
    sound = (folder / "model.onnx").read_bytes()
    with open_door(models, threads=1, admin=True) as door:
        (folder / "model.onnx").write_bytes(sound[:-1])
        answer = door.post(f"{DETECTOR}/load")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "integrity")
        [(_, state, reason)] = states(door, "tiny_detector")
        assert (state, reason) == ("ready", answer.json()["error"]["message"])
        assert "model.onnx" in str(reason)
        assert labels(door.post(f"{DETECTOR}/predict", content=GREY).json()) == ["cat", "dog"]
        (folder / "model.onnx").write_bytes(b"no model")
        manifest = json.loads((folder / "bundle.json").read_text())
        manifest["files"]["model.onnx"] = {"sha256": hashlib.sha256(b"no model").hexdigest(), "bytes": 8}
        good = (folder / "bundle.json").read_bytes()
        (folder / "bundle.json").write_text(json.dumps(manifest))
        answer = door.post(f"{DETECTOR}/load")
        assert answer.json()["error"]["code"] == "engine_failed"
        assert labels(door.post(f"{DETECTOR}/predict", content=GREY).json()) == ["cat", "dog"]
        (folder / "model.onnx").write_bytes(sound)
        (folder / "bundle.json").write_bytes(good)
        assert door.post(f"{DETECTOR}/load").status_code == 200
        assert states(door, "tiny_detector") == [("1", "ready", None)]


def test_unloading_waits_for_the_requests_that_are_under_way(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        gate = Gate(monkeypatch)
        app, service = await started_app(tiny_models, threads=1, admin=True)
        running = asyncio.create_task(ask(app, body_of(RED)))
        await gate.wait_entered()
        waiting = asyncio.create_task(ask(app, body_of(RED)))
        await asyncio.sleep(0.01)
        unloading = asyncio.create_task(ask(app, body_of(b""), path=f"{CLASSIFIER}/unload"))
        await asyncio.sleep(0.05)
        assert not unloading.done()
        assert (await ask(app, body_of(RED))).status == 503  # for whoever comes now it is gone
        gate.opened.set()
        assert [(await task).status for task in (running, waiting, unloading)] == [200, 200, 200]
        await service.stop()

    asyncio.run(check())
