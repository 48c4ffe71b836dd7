"""The Function's start: once, off the event loop, and whatever goes wrong is an answer with its reason."""

import asyncio
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from inference_core.observer import Observer
from inference_core.pipeline import LocalPredictor
from inference_core.repository import Repository
from inference_core.settings import Settings
from tests.function_app.host import Host
from tests.function_app.messages import Response
from tests.function_app.our_app import KEY, ask, error, on_host
from tests.pictures import plain
from tests.server.doors import PREDICT, Gate

pytest.importorskip(
    "azure_functions_runtime",
    reason="pip install --no-deps --ignore-requires-python azure-functions-runtime==1.3.0",
)

RED = plain((255, 0, 0))


@pytest.fixture(autouse=True)
def environment(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    monkeypatch.setenv("SATCHEL_MAX_BODY_MB", "2")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What models were loaded with, once for each time."""
    seen: list[Settings] = []
    original = Repository.load

    def load(settings: Settings, observer: Observer | None = None) -> Repository:
        seen.append(settings)
        return original(settings, observer)

    monkeypatch.setattr(Repository, "load", load)
    return seen


def test_a_hundred_cold_requests_load_the_models_once(loads: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_QUEUE_SIZE", "100")

    async def check(host: Host) -> list[Response]:
        probe = host.request("GET", "/health/ready")
        return await asyncio.gather(probe, *(host.request("POST", PREDICT, body=RED, key=KEY) for _ in range(99)))

    probe, *answers = on_host(check)
    assert (probe.status, len(loads)) == (200, 1)
    assert [json.loads(answer.body)["predictions"][0]["label"] for answer in answers] == ["red"] * 99


def test_beyond_the_queue_cold_requests_are_told_to_come_again(
    loads: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATCHEL_THREADS", "1")
    monkeypatch.setenv("SATCHEL_QUEUE_SIZE", "9")
    gate = Gate(monkeypatch)

    async def check(host: Host) -> list[Response]:
        asked = [asyncio.create_task(host.request("POST", PREDICT, body=RED, key=KEY)) for _ in range(100)]
        while sum(task.done() for task in asked) < 90:
            await asyncio.sleep(0.01)
        gate.opened.set()
        return await asyncio.gather(*asked)

    answers = on_host(check)
    assert len(loads) == 1
    assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 90
    assert {answer.headers.get("retry-after") for answer in answers if answer.status == 429} == {"1"}


def test_an_exception_inside_keeps_its_answer_and_the_next_request_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(predictor: LocalPredictor, images: Sequence[bytes], *, deadline: float | None = None) -> None:
        raise ZeroDivisionError("secret")

    async def check(host: Host) -> list[Response]:
        await host.warm_up()
        with monkeypatch.context() as patch:
            patch.setattr(LocalPredictor, "predict", fail)
            broken = await host.request("POST", PREDICT, body=RED, key=KEY)
        return [broken, await host.request("POST", PREDICT, body=RED, key=KEY)]

    broken, whole = on_host(check)
    assert (broken.status, error(broken)["code"]) == (500, "internal_error")
    assert error(broken)["message"] == "an unexpected error occurred"
    assert whole.status == 200


def test_a_bad_bundle_leaves_the_functions_and_gives_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: list[Settings]
) -> None:
    (tmp_path / "bad.satchel").write_bytes(b"no zip")
    monkeypatch.setenv("SATCHEL_MODELS", str(tmp_path))

    async def check(host: Host) -> dict[str, Response]:
        assert {"health", "page", "serve", "warmup"} <= {function.name for function in host.worker.functions}
        await host.warm_up()
        paths = ("/models", "/models/x/labels", "/health/ready", "/health/live", "/version", "/docs")
        return {path: await host.request("GET", path, key=KEY) for path in paths}

    answers = on_host(check)
    assert [answer.status for answer in answers.values()] == [503] * 3 + [200] * 3
    for path in ("/models", "/models/x/labels", "/health/ready"):
        assert error(answers[path])["code"] == "not_ready"
        assert error(answers[path])["message"] == (
            f"the models could not be loaded: {tmp_path}/bad.satchel is not a usable .satchel file"
        )
    assert len(loads) == 1


def test_a_setting_that_cannot_be_used_is_named_until_it_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(host: Host) -> tuple[list[Response], Response]:
        monkeypatch.setenv("SATCHEL_QUEUE_SIZE", "many")
        assert (await host.request("GET", "/health/live")).status == 200  # restarting would not mend a setting
        broken = [await host.request("GET", path, key=KEY) for path in ("/models", "/health/ready", "/docs")]
        monkeypatch.setenv("SATCHEL_QUEUE_SIZE", "3")
        return broken, await host.request("GET", "/health/ready")

    broken, corrected = on_host(check)
    for answer in broken:
        assert (answer.status, answer.headers["content-type"]) == (503, "application/json")
        assert error(answer) == {
            "code": "invalid_settings",
            "message": "SATCHEL_QUEUE_SIZE cannot be used",
            "got": "'many'",
            "expected": "a whole number from 0 to 100000",
            "remedy": "correct SATCHEL_QUEUE_SIZE, or unset it",
        }
    assert corrected.status == 200


def test_a_failure_outside_the_tree_has_the_same_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(settings: Settings, observer: Observer | None = None) -> Repository:
        raise PermissionError(13, "Permission denied", "/models")

    monkeypatch.setattr(Repository, "load", load)
    answer = ask("GET", "/health/ready")
    assert (answer.status, error(answer)["code"]) == (503, "not_ready")
    assert error(answer)["message"] == "the models could not be loaded: [Errno 13] Permission denied: '/models'"
    assert error(answer)["got"] == "PermissionError"


def test_warming_up_loads_the_models_before_the_first_request(loads: list[Settings]) -> None:
    async def check(host: Host) -> list[int]:
        counts = [len(loads)]
        await host.warm_up()
        counts.append(len(loads))
        await host.request("POST", PREDICT, body=RED, key=KEY)
        return [*counts, len(loads)]

    assert on_host(check) == [0, 1, 1]


def test_a_probe_answers_while_predictions_run(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)

    async def check(host: Host) -> tuple[Response, list[Response]]:
        slow = [asyncio.create_task(host.request("POST", PREDICT, body=RED, key=KEY)) for _ in range(10)]
        await gate.wait_entered()
        probe = await asyncio.wait_for(host.request("GET", "/health/live"), 5)
        assert not any(task.done() for task in slow)
        gate.opened.set()
        return probe, await asyncio.gather(*slow)

    probe, answers = on_host(check)
    assert probe.body == b'{"status":"live"}'
    assert [answer.status for answer in answers] == [200] * 10


def test_the_event_loop_is_free_while_the_models_load(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    original = Repository.load

    def load(settings: Settings, observer: Observer | None = None) -> Repository:
        assert go.wait(10)
        return original(settings, observer)

    monkeypatch.setattr(Repository, "load", load)

    async def check(host: Host) -> int:
        cold = asyncio.create_task(host.request("POST", PREDICT, body=RED, key=KEY))
        await asyncio.sleep(0.05)  # comes back only where nothing blocks
        assert not cold.done()
        go.set()
        return (await cold).status

    assert on_host(check) == 200
