"""What a predict request costs before its picture is there: a full queue and a slow body."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from inference_core.server import Service, create_app
from inference_core.settings import Settings
from tests.pictures import plain
from tests.server.doors import Answer, ask, started_app

RED = plain((255, 0, 0))


def test_a_full_queue_refuses_before_the_body_is_read(tiny_models: Path) -> None:
    async def check() -> tuple[int, bool]:
        app, service = await started_app(tiny_models, queue_size=0, threads=1)
        scheduler = service.models.get("tiny_classifier").scheduler
        read = False

        async def receive() -> dict[str, Any]:
            nonlocal read
            read = True
            return {"type": "http.request", "body": RED, "more_body": False}

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


def test_whoever_comes_without_a_path_is_shown_the_page(tiny_models: Path) -> None:
    with TestClient(create_app(Service(Settings(models=tiny_models)))) as client:
        answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "docs")
