"""What a predict request costs before its picture is there: a full queue and a slow body."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from inference_core.scheduler import Scheduler
from tests.pictures import plain
from tests.server.doors import PREDICT, Answer, ask, open_door, started_app

RED = plain((255, 0, 0))


def test_a_full_queue_refuses_before_the_body_is_read(tiny_models: Path) -> None:
    async def check() -> tuple[int, bool]:
        app, service = await started_app(tiny_models, queue_size=0, threads=1)
        [scheduler] = [m.scheduler for m in service.models.all() if m.manifest.name == "tiny_classifier"]
        read = False

        async def receive() -> dict[str, Any]:
            nonlocal read
            read = True
            return {"type": "http.request", "body": RED, "more_body": False}

        assert isinstance(scheduler, Scheduler)
        with scheduler._lock:  # as if one were running
            scheduler._admitted = 1
        answer = await ask(app, receive)
        await service.stop()
        return answer.status, read

    assert asyncio.run(check()) == (429, False)


def test_a_body_that_does_not_arrive_in_time_is_504(tiny_models: Path) -> None:
    async def check() -> Answer:
        app, service = await started_app(tiny_models, timeout_ms=50)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        answer = await ask(app, receive)
        await service.stop()
        return answer

    answer = asyncio.run(check())
    assert (answer.status, answer.json()["error"]["message"]) == (504, "the body did not arrive in time")
    assert answer.json()["error"]["expected"] == "all of it within 0.05 s"


@pytest.mark.parametrize(("header", "expected"), [("50", "0.05 s"), ("99999", "0.2 s")])
def test_a_caller_may_ask_for_less_time_and_never_gets_more(tiny_models: Path, header: str, expected: str) -> None:
    async def check() -> Answer:
        app, service = await started_app(tiny_models, timeout_ms=200)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        answer = await ask(app, receive, headers={"x-timeout-ms": header})
        await service.stop()
        return answer

    answer = asyncio.run(check())
    assert (answer.status, answer.json()["error"]["expected"]) == (504, f"all of it within {expected}")


@pytest.mark.parametrize("header", ["0", "-1", "1.5", "soon", "9" * 40])
def test_a_time_that_is_none_is_refused(tiny_models: Path, header: str) -> None:
    with open_door(tiny_models) as client:
        answer = client.post(PREDICT, content=RED, headers={"X-Timeout-Ms": header})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "header X-Timeout-Ms cannot be used"
