"""Clients come and go: nobody's slow request holds up others, and work for those who left is dropped."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.pictures import plain
from tests.server.doors import Gate, Receive, ask, body_of, started_app

RED = plain((255, 0, 0))


def leaving(left: asyncio.Event, *messages: dict[str, Any]) -> Receive:
    """A client that sends `messages` and is gone as soon as `left` is set."""
    rest = list(messages)

    async def receive() -> dict[str, Any]:
        if rest:
            return rest.pop(0)
        await left.wait()
        return {"type": "http.disconnect"}

    return receive


WHOLE = {"type": "http.request", "body": RED, "more_body": False}
EMPTY = {"type": "http.request", "body": b"", "more_body": False}
HALF = {"type": "http.request", "body": RED[:9], "more_body": True}


@pytest.mark.parametrize("after", [[], [EMPTY, EMPTY]])  # a server may give empty messages after the body
def test_a_client_that_leaves_frees_its_place_in_the_queue(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, after: list[dict[str, Any]]
) -> None:
    async def check() -> None:
        gate, left = Gate(monkeypatch), asyncio.Event()
        app, service = await started_app(tiny_models, threads=1, queue_size=1)
        running = asyncio.create_task(ask(app, body_of(RED)))
        await gate.wait_entered()
        waiting = asyncio.create_task(ask(app, leaving(left, WHOLE, *after)))
        await asyncio.sleep(0.01)
        assert (await ask(app, body_of(RED))).status == 429
        left.set()
        gone = await asyncio.wait_for(waiting, 5)
        assert (gone.status, gone.json()["error"]["code"]) == (400, "bad_request")
        next_one = asyncio.create_task(ask(app, body_of(RED)))
        await asyncio.sleep(0.01)
        gate.opened.set()
        assert [(await task).status for task in (running, next_one)] == [200, 200]
        assert gate.calls == 2  # nothing ran for the one who left
        await service.stop()

    asyncio.run(check())


def test_a_client_that_leaves_keeps_its_place_while_its_picture_runs(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        gate, left = Gate(monkeypatch), asyncio.Event()
        app, service = await started_app(tiny_models, threads=1, queue_size=0)
        running = asyncio.create_task(ask(app, leaving(left, WHOLE)))
        await gate.wait_entered()
        left.set()
        assert (await asyncio.wait_for(running, 5)).status == 400
        assert (await ask(app, body_of(RED))).status == 429  # a thread cannot be stopped, and is still busy
        gate.opened.set()
        for _ in range(500):
            answer = await ask(app, body_of(RED))
            if answer.status == 200:
                break
            await asyncio.sleep(0.01)
        assert answer.status == 200
        await service.stop()

    asyncio.run(check())


def test_an_upload_that_breaks_off_is_no_defect(tiny_models: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models)
        left = asyncio.Event()
        left.set()
        answer = await ask(app, leaving(left, HALF))
        await service.stop()
        assert (answer.status, answer.json()["error"]["message"]) == (
            400,
            "the client closed the connection before it had its answer",
        )

    asyncio.run(check())
    assert caplog.records == []


def test_ten_slow_requests_do_not_hold_up_a_probe(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        gate = Gate(monkeypatch)
        app, service = await started_app(tiny_models, threads=2)
        slow = [asyncio.create_task(ask(app, body_of(RED))) for _ in range(10)]
        await gate.wait_entered(2)
        began = time.monotonic()
        probes = [await ask(app, body_of(), "GET", path) for path in ("/health/live", "/health/ready", "/models")]
        assert time.monotonic() - began < 1
        assert [probe.status for probe in probes] == [200] * 3
        assert not any(task.done() for task in slow)
        assert gate.calls == 2  # as many as threads
        gate.opened.set()
        assert [(await task).status for task in slow] == [200] * 10
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing goes on watching answered clients
        await service.stop()

    asyncio.run(check())
