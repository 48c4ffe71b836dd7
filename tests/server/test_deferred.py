"""What is built with the first request: once, beside other work, and without a word in the answers."""

import asyncio
import threading
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp

from inference_core.server import Service
from inference_core.server.api import create_api
from inference_core.server.app import DIRECT, create_app
from inference_core.server.deferred import Deferred
from inference_core.settings import Settings
from tests.server.doors import ask, body_of


class Building:
    """A build that waits for a word, and may fail at first."""

    def __init__(self, failures: int = 0) -> None:
        self.go = threading.Event()
        self.times = 0
        self._failures = failures

    def __call__(self) -> ASGIApp:
        self.times += 1
        assert self.go.wait(10)
        if self.times <= self._failures:
            raise OSError("not now")
        return Response("built")


def deferred(building: Building) -> Starlette:
    app = Starlette()
    app.router.default = Deferred(building)
    app.add_route("/ready", _ready, methods=["GET"])
    return app


async def _ready(request: Any) -> Response:
    return Response("ready")


def test_it_is_built_once_while_others_are_answered() -> None:
    async def run() -> None:
        building = Building()
        app = deferred(building)
        waiting = [asyncio.create_task(ask(app, body_of(b""), path="/late")) for _ in range(3)]
        assert (await ask(app, body_of(b""), "GET", "/ready")).body == b"ready"
        building.go.set()
        assert [(await each).body for each in waiting] == [b"built"] * 3
        assert (await ask(app, body_of(b""), path="/late")).body == b"built"
        assert building.times == 1

    asyncio.run(run())


def test_a_build_that_failed_is_tried_again() -> None:
    async def run() -> None:
        building = Building(failures=1)
        building.go.set()
        app = deferred(building)
        with pytest.raises(OSError, match="not now"):
            await ask(app, body_of(b""), path="/late")
        assert (await ask(app, body_of(b""), path="/late")).body == b"built"

    asyncio.run(run())


def test_what_is_answered_directly_is_in_the_document_too() -> None:
    """Each with the same method and path, so that the document tells of it."""
    app = create_app(Service(Settings()))
    paths = create_api(app.state).openapi()["paths"]
    direct = {(route.method.lower(), route.path_format) for route in DIRECT}
    assert direct <= {(method, path) for path, methods in paths.items() for method in methods}
    assert len(direct) == len(DIRECT)
