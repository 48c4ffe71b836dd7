"""The state behind the doors: one start, and a true word about it at every moment."""

import asyncio
import threading
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette

from inference_core.errors import BundleError, NotReadyError
from inference_core.observer import Observer
from inference_core.repository import Repository
from inference_core.server import Service, create_app
from inference_core.settings import Settings
from tests.pictures import plain
from tests.server.doors import Answer, Gate, ask, body_of, started_app

RED = plain((255, 0, 0))


async def get(app: Starlette, path: str) -> Answer:
    return await ask(app, body_of(), "GET", path)


class Loads:
    """Counts what loads models, and holds it until told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.go = threading.Event()
        original = Repository.load

        def load(settings: Settings, observer: Observer | None = None) -> Repository:
            self.count += 1
            assert self.go.wait(10)
            return original(settings, observer)

        monkeypatch.setattr(Repository, "load", load)


def test_ready_follows_the_models_while_live_never_changes(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        loads = Loads(monkeypatch)
        service = Service(Settings(models=tiny_models))
        app = create_app(service)
        starting = [asyncio.create_task(service.start()) for _ in range(5)]
        await asyncio.sleep(0.01)
        loading = await get(app, "/health/ready")
        assert (loading.status, loading.headers["retry-after"]) == (503, "1")
        assert loading.json()["error"]["message"] == "the models are still loading"
        assert (await ask(app, body_of(RED))).status == 503
        assert (await get(app, "/health/live")).status == 200
        loads.go.set()
        await asyncio.gather(*starting)
        await service.start()
        assert loads.count == 1
        assert (await get(app, "/health/ready")).json() == {
            "status": "ready",
            "models": ["tiny_classifier", "tiny_detector"],
        }
        await service.stop()
        assert (await get(app, "/health/ready")).json()["error"]["message"] == "the service is stopping"
        assert (await get(app, "/health/live")).json() == {"status": "live"}

    asyncio.run(check())


def test_a_failed_start_is_tried_once_and_tells_why_ever_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        loads = Loads(monkeypatch)
        loads.go.set()
        service = Service(Settings(models=tmp_path / "none"))
        failures = await asyncio.gather(*(service.start() for _ in range(3)), return_exceptions=True)
        assert isinstance(failures[0], BundleError)
        assert failures == [failures[0]] * 3
        assert loads.count == 1
        app = create_app(service)
        for path in ("/health/ready", "/models", "/models/x", "/models/x/labels", "/models/x/config"):
            answer = await get(app, path)
            assert (answer.status, answer.json()["error"]) == (
                503,
                {
                    "code": "not_ready",
                    "message": f"the models could not be loaded: there is no bundle at {tmp_path / 'none'}",
                    "got": "no such directory",
                    "expected": "a bundle, or a directory of bundles (each with bundle.json, or a .satchel file)",
                    "remedy": "make one with `satchel pack`, or correct the path",
                },
            ), path
        assert (await ask(app, body_of(RED))).status == 503
        assert [(await get(app, path)).status for path in ("/health/live", "/version", "/docs")] == [200] * 3

    asyncio.run(check())


def test_stopping_answers_what_it_has_and_lets_nothing_in(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        gate = Gate(monkeypatch)
        app, service = await started_app(tiny_models, threads=1)
        running = asyncio.create_task(ask(app, body_of(RED)))
        await gate.wait_entered()
        waiting = asyncio.create_task(ask(app, body_of(RED)))
        await asyncio.sleep(0.01)
        stopping = asyncio.create_task(service.stop())
        await asyncio.sleep(0.01)
        assert (await ask(app, body_of(RED))).json()["error"]["message"] == "the service is stopping"
        assert not stopping.done()
        gate.opened.set()
        await stopping
        for task in (running, waiting):
            assert (await task).json()["predictions"][0]["label"] == "red"
        assert gate.calls == 2
        with pytest.raises(NotReadyError, match="the service is stopping"):
            service.models.all()

    asyncio.run(check())


def test_a_request_whose_body_is_under_way_at_the_stop_is_answered(tiny_models: Path) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models)
        stopping: list[asyncio.Task[None]] = []
        rest = body_of(RED)

        async def late() -> dict[str, object]:
            if not stopping:
                stopping.append(asyncio.create_task(service.stop()))
                await asyncio.sleep(0.05)
                assert not stopping[0].done()
            return await rest()

        assert (await ask(app, late)).json()["predictions"][0]["label"] == "red"
        await stopping[0]

    asyncio.run(check())


def test_a_full_queue_is_429_at_once(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        gate = Gate(monkeypatch)
        app, service = await started_app(tiny_models, threads=1, queue_size=0)
        running = asyncio.create_task(ask(app, body_of(RED)))
        await gate.wait_entered()
        answer = await ask(app, body_of(RED))
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert answer.json()["error"] == {
            "code": "busy",
            "message": "model tiny_classifier has a full queue",
            "got": "1 requests running or waiting",
            "expected": "fewer than 1",
            "remedy": "try again after the time in Retry-After, or raise SATCHEL_QUEUE_SIZE",
        }
        other = asyncio.create_task(ask(app, body_of(RED), path="/models/tiny_detector/predict"))
        gate.opened.set()
        assert [(await task).status for task in (running, other)] == [200, 200]  # each model has a queue of its own
        assert (await ask(app, body_of(RED))).status == 200
        await service.stop()

    asyncio.run(check())


def test_an_answer_that_takes_too_long_is_504_on_time(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        gate = Gate(monkeypatch)
        app, service = await started_app(tiny_models, threads=1, timeout_ms=50)
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(app, body_of(RED)) for _ in range(3)))
        assert 0.05 <= time.monotonic() - began < 1
        assert {(answer.status, answer.json()["error"]["code"]) for answer in answers} == {(504, "deadline_exceeded")}
        gate.opened.set()
        await service.stop()
        assert gate.calls == 1  # those that waited were never begun

    asyncio.run(check())


def test_draining_is_unready_but_answers(tiny_models: Path) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models)
        service.drain()
        ready = await get(app, "/health/ready")
        assert (ready.status, ready.json()["error"]["message"]) == (503, "the service is stopping")
        assert (await ask(app, body_of(RED))).status == 200
        await service.stop()

    asyncio.run(check())
