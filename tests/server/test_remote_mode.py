"""A server in remote mode: the same answers, errors that name the endpoint, readiness that follows it, and overflow."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from inference_core.bundle import open_bundle
from inference_core.errors import EngineError, IntegrityError, SettingsError
from inference_core.server import Service
from tests.models import pack_classifier
from tests.pictures import encode as encoded
from tests.pictures import noise, plain
from tests.remote.oip_server import OipServer
from tests.remote.raw_server import answer
from tests.server.doors import PREDICT, open_door
from tests.server.process import Server, serving
from tests.server.test_exposition import labels, samples
from tests.test_imports import python

PICTURES = [plain((255, 0, 0)), encoded(noise(40, 30)), plain((0, 0, 255), kind="JPEG")]
NAME = "tiny_classifier"


@pytest.fixture
def endpoint() -> Iterator[OipServer]:
    with OipServer() as server:
        yield server


@pytest.fixture
def thin_models(tmp_path: Path) -> Path:
    """The tiny classifier without its model file."""
    path = pack_classifier(tmp_path)
    with open_bundle(path) as bundle:
        [artifact] = bundle.manifest.artifacts
    (path / artifact.file).unlink()
    return path


def remote(endpoint: OipServer, **changes: Any) -> dict[str, Any]:
    """Settings that name one endpoint."""
    chosen = {"mode": "remote", "remote_url": (endpoint.url,), "remote_model": "tiny"}
    return chosen | changes


def findings(content: bytes) -> Any:
    return kept(orjson.loads(content))


def kept(document: dict[str, Any]) -> dict[str, Any]:
    """All but the timings."""
    return {key: value for key, value in document.items() if key != "timings_ms"}


def becomes_ready(door: TestClient, expected: bool = True) -> None:
    limit = time.monotonic() + 10
    while (door.get("/health/ready").status_code == 200) is not expected:
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_answers_are_those_of_the_embedded_model_without_its_file(
    thin_models: Path, tiny_models: Path, endpoint: OipServer
) -> None:
    with open_door(tiny_models) as embedded, open_door(thin_models, **remote(endpoint)) as thin:
        for picture in PICTURES:
            assert findings(thin.post(PREDICT, content=picture).content) == findings(
                embedded.post(PREDICT, content=picture).content
            )
        batch = [("images", ("a", data)) for data in (*PICTURES, b"no picture")]
        told, wanted = (each.post(f"/models/{NAME}/predict_batch", files=batch).json() for each in (thin, embedded))
        assert list(map(kept, told["results"])) == list(map(kept, wanted["results"]))
        running = thin.get(f"/models/{NAME}").json()["engine"]
        assert (running["engine"], running["device"], running["providers"]) == ("oip-http", "remote", [endpoint.url])
    assert endpoint.inferences == 3 + 3 + 1  # and one to warm up


@pytest.mark.parametrize("embedded_too", [False, True])
def test_a_bundle_without_its_model_is_for_remote_mode_only(
    thin_models: Path, endpoint: OipServer, embedded_too: bool
) -> None:
    settings = remote(endpoint, overflow="embedded") if embedded_too else {}
    with pytest.raises(IntegrityError, match=r"model\.onnx is missing"), open_door(thin_models, **settings):
        pass


def test_readiness_follows_the_endpoint(thin_models: Path, endpoint: OipServer) -> None:
    endpoint.stop()
    with open_door(thin_models, **remote(endpoint)) as door:
        for path in ("/health/ready", "/v2/health/ready", f"/v2/models/{NAME}/ready"):
            refused = door.get(path)
            assert refused.status_code == 503, path
        assert door.get("/health/live").status_code == 200
        told = door.post(PREDICT, content=PICTURES[0])
        assert (told.status_code, told.headers["Retry-After"]) == (503, "1")
        error = told.json()["error"]
        assert error["code"] == "remote_unavailable"
        assert endpoint.url in error["got"]
        endpoint.start()
        becomes_ready(door)
        assert door.post(PREDICT, content=PICTURES[0]).json()["predictions"][0]["label"] == "red"
        endpoint.is_ready = False
        becomes_ready(door, expected=False)


@pytest.mark.parametrize(
    ("said", "status", "code", "words"),
    [
        (answer(b'{"error": "out of memory"}', "500 Internal Server Error"), 502, "remote_failed", "out of memory"),
        (b"what?", 502, "remote_failed", ""),
        (answer(b"", "503 Service Unavailable"), 503, "remote_unavailable", ""),
    ],
)
def test_an_error_names_the_endpoint_and_what_it_said(
    thin_models: Path, endpoint: OipServer, said: bytes, status: int, code: str, words: str
) -> None:
    with open_door(thin_models, **remote(endpoint)) as door:
        endpoint.answers = [said]
        told = door.post(PREDICT, content=PICTURES[0])
    assert (told.status_code, told.json()["error"]["code"]) == (status, code)
    assert endpoint.url in told.text
    assert words in told.text


def test_an_endpoint_that_hangs_costs_no_more_than_its_time(thin_models: Path, endpoint: OipServer) -> None:
    with open_door(thin_models, **remote(endpoint, timeout_ms=3000, remote_read_ms=500)) as door:
        endpoint.hangs = True
        began = time.monotonic()
        told = door.post(PREDICT, content=PICTURES[0])
        assert (told.status_code, told.json()["error"]["code"]) == (504, "deadline_exceeded")
        assert time.monotonic() - began < 2
        endpoint.released.set()


def test_a_callers_time_ends_before_that_of_an_endpoint_that_hangs(thin_models: Path, endpoint: OipServer) -> None:
    with open_door(thin_models, **remote(endpoint)) as door:
        endpoint.hangs = True
        began = time.monotonic()
        assert door.post(PREDICT, content=PICTURES[0], headers={"X-Timeout-Ms": "100"}).status_code in (503, 504)
        assert time.monotonic() - began < 1.5
        endpoint.released.set()


def test_another_model_there_is_found_at_the_start(thin_models: Path, endpoint: OipServer) -> None:
    endpoint.tensors = {"inputs": [{"name": "pixels", "datatype": "FP32", "shape": [-1, 3, 8, 8]}], "outputs": []}
    with pytest.raises(EngineError, match="images"), open_door(thin_models, **remote(endpoint)):
        pass


def test_a_full_queue_flows_over_to_the_service(tiny_models: Path, endpoint: OipServer) -> None:
    settings = remote(endpoint, mode="embedded", overflow="remote", only=(NAME,), queue_size=0, threads=1)
    with open_door(tiny_models, **settings) as door:
        service: Service = door.app.state.service  # type: ignore[attr-defined]
        [model] = service.models.all()
        first = model.scheduler._first  # type: ignore[union-attr]
        with first._lock:  # as if one were running
            first._admitted = 1
        assert door.post(PREDICT, content=PICTURES[0]).json()["predictions"][0]["label"] == "red"
        assert endpoint.inferences == 2
        assert samples(door.get("/metrics").text)[labels("satchel_overflowed_total", model=NAME)] == 1
        with first._lock:
            first._admitted = 0
        assert door.post(PREDICT, content=PICTURES[0]).status_code == 200
        assert endpoint.inferences == 2


def test_a_model_on_board_answers_while_the_service_is_away(tiny_models: Path, endpoint: OipServer) -> None:
    endpoint.stop()
    with open_door(tiny_models, **remote(endpoint, overflow="embedded", only=(NAME,))) as door:
        assert door.get("/health/ready").status_code == 200
        assert door.post(PREDICT, content=PICTURES[0]).json()["predictions"][0]["label"] == "red"
        assert endpoint.inferences == 0
        assert samples(door.get("/metrics").text)[labels("satchel_overflowed_total", model=NAME)] == 1


def test_mode_and_overflow_must_differ(tiny_models: Path, endpoint: OipServer) -> None:
    wrong = remote(endpoint, overflow="remote")
    with (
        pytest.raises(SettingsError, match="SATCHEL_OVERFLOW is remote, as SATCHEL_MODE is"),
        open_door(tiny_models, **wrong),
    ):
        pass


def test_each_endpoint_has_its_metrics(thin_models: Path, endpoint: OipServer) -> None:
    with open_door(thin_models, **remote(endpoint)) as door:
        assert door.post(PREDICT, content=PICTURES[0]).status_code == 200
        told = samples(door.get("/metrics").text)
    place = {"model": NAME, "endpoint": endpoint.url}
    assert told[labels("satchel_endpoint_calls_total", **place, outcome="ok")] == 2
    assert told[labels("satchel_endpoint_usable", **place)] == 1
    assert told[labels("satchel_endpoint_outstanding", **place)] == 0


@pytest.fixture(scope="module")
def other(tiny_models: Path) -> Iterator[Server]:
    """Another Satchel."""
    with serving(tiny_models) as server:
        yield server


@pytest.mark.parametrize("split", ["tensors", "image"])
def test_another_satchel_gives_the_same_answers_and_the_same_errors(
    tiny_models: Path, other: Server, split: str
) -> None:
    there = {"mode": "remote", "remote_url": (f"http://127.0.0.1:{other.port}",), "remote_split": split}
    with open_door(tiny_models) as embedded, open_door(tiny_models, **there) as thin:
        for body in (*PICTURES, b"no picture", PICTURES[1][:-400]):
            answers = [each.post(PREDICT, content=body) for each in (thin, embedded)]
            assert answers[0].status_code == answers[1].status_code
            assert findings(answers[0].content) == findings(answers[1].content)
        answers = [each.post(f"{PREDICT}?max_predictions=1", content=PICTURES[0]) for each in (thin, embedded)]
        assert findings(answers[0].content) == findings(answers[1].content)
        assert len(findings(answers[0].content)["predictions"]) == 1


def test_many_callers_share_the_calls_that_are_allowed(thin_models: Path, endpoint: OipServer) -> None:
    endpoint.takes = 0.05
    with open_door(thin_models, **remote(endpoint, remote_concurrency=4, timeout_ms=10_000)) as door:
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(door.post(PREDICT, content=PICTURES[0]).status_code)

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 20
    assert len(endpoint.connections) <= 5  # and the watcher's


ENGINES = ("onnxruntime", "openvino", "torch", "satchel_torchscript", "tensorflow", "grpc", "google.protobuf")
OPEN, SERVING = "/v2/models/tiny_classifier/infer", "/v1/models/tiny_classifier:predict"
SLOW_TO_IMPORT = ("fastapi", "typer", "rich", "inference_core.server.api")
NOT_FOR_SERVING = ("inference_core.packing", "inference_core.export", "inference_core.bench", "inference_core.cli")
OF_ENGINES = tuple(
    f"inference_core.engines.{name}"
    for name in ("onnx_runtime", "openvino", "tensorflow", "tensorflow_graph", "tensorflow_lite", "torchscript")
)


@pytest.mark.parametrize("asked", [(), (PREDICT,), (PREDICT, OPEN, SERVING)], ids=["built", "predicted", "all doors"])
def test_thin_serving_imports_no_engine_and_nothing_that_starts_slowly(
    thin_models: Path, endpoint: OipServer, asked: tuple[str, ...]
) -> None:
    """What a Function image in remote mode goes through, but for the Function's own door."""
    code = f"""
import os, sys
from starlette.testclient import TestClient
from inference_core.server import create_app, Service
from inference_core.settings import Settings
with TestClient(create_app(Service(Settings.from_environment(os.environ)))) as door:
    assert door.get("/health/ready").status_code == 200
    assert door.get("/metrics").status_code == 200
    for path in {asked}:
        body = {PICTURES[0]!r} if path == {PREDICT!r} else b"no JSON"
        assert door.post(path, content=body).status_code == (200 if path == {PREDICT!r} else 400)
print([name for name in {ENGINES + SLOW_TO_IMPORT + NOT_FOR_SERVING + OF_ENGINES} if name in sys.modules])
"""
    variables = {"SATCHEL_MODE": "remote", "SATCHEL_REMOTE_URL": endpoint.url, "SATCHEL_REMOTE_MODEL": "tiny"}
    assert python(code, SATCHEL_MODELS=str(thin_models), **variables).stdout == "[]\n"


def test_remote_mode_wants_an_endpoint(thin_models: Path) -> None:
    with (
        pytest.raises(SettingsError, match="no endpoint is named for the remote service"),
        open_door(thin_models, mode="remote"),
    ):
        pass


def test_a_thin_bundle_stays_verified(thin_models: Path, endpoint: OipServer) -> None:
    copy = thin_models.parent / "altered"
    shutil.copytree(thin_models, copy)
    (copy / "more.txt").write_text("unlisted")
    with pytest.raises(IntegrityError, match=r"more\.txt"), open_door(copy, **remote(endpoint)):
        pass
