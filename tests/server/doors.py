"""Ways to the ASGI application: a client, bare ASGI messages, and predictions that wait for a word."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from inference_core.limits import Limits
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Outcome
from inference_core.server import Service, create_app
from inference_core.settings import Settings

PREDICT = "/models/tiny_classifier/predict"
Receive = Callable[[], Awaitable[dict[str, Any]]]


@contextmanager
def open_door(models: Path, **settings: Any) -> Iterator[TestClient]:
    """A client of an application that serves `models`."""
    with TestClient(create_app(Service(Settings(models=models, **settings)))) as client:
        yield client


async def started_app(models: Path, **settings: Any) -> tuple[Starlette, Service]:
    """An application with its models loaded, without a server."""
    service = Service(Settings(models=models, **settings))
    await service.start()
    return create_app(service), service


class Answer:
    """What an application sent."""

    def __init__(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])

    def json(self) -> Any:
        return orjson.loads(self.body)


async def ask(
    app: Starlette,
    receive: Receive,
    method: str = "POST",
    path: str = PREDICT,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Calls the application with ASGI messages from `receive`."""
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    await app({**scope, "headers": raw, "http_version": "1.1", "scheme": "http"}, receive, send)
    return Answer(sent)


def body_of(*chunks: bytes) -> Receive:
    """A request body in these pieces, from a client that then waits for its answer."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks[:-1]]
    messages += [{"type": "http.request", "body": chunk, "more_body": False} for chunk in chunks[-1:]]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


class Gate:
    """Holds every prediction until it is opened; models start cold."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)
        self.calls = 0
        original = LocalPredictor.predict

        def predict(
            predictor: LocalPredictor,
            images: Sequence[bytes],
            *,
            deadline: float | None = None,
            limits: Sequence[Limits] = (),
        ) -> list[Outcome]:
            self.calls += 1
            self.entered.release()
            assert self.opened.wait(10)
            return original(predictor, images, deadline=deadline, limits=limits)

        monkeypatch.setattr(LocalPredictor, "warm_up", lambda predictor: None)
        monkeypatch.setattr(LocalPredictor, "predict", predict)

    async def wait_entered(self, count: int = 1) -> None:
        """Until `count` more predictions have begun."""
        for _ in range(count):
            assert await asyncio.to_thread(self.entered.acquire, timeout=10)
