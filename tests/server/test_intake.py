"""Bytes of bodies held at once: counted while a request lives, refused beyond the limit, given back at its end."""

import asyncio
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from inference_core.errors import BusyError
from inference_core.server.intake import Intake
from tests.pictures import plain
from tests.server.doors import PREDICT, open_door

CHUNK = b"x" * 600


async def silent(message: Message) -> None:
    raise AssertionError(message)


def body(*chunks: bytes) -> Receive:
    left = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Message:
        return left.pop(0) if left else {"type": "http.disconnect"}

    return receive


def test_bytes_count_until_the_answer_has_gone_whatever_became_of_it() -> None:
    gate = asyncio.Event()
    read: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            read.append(len(message["body"]))
        await gate.wait()
        raise RuntimeError(scope["type"])

    async def run() -> None:
        intake = Intake(app, 1500)
        first = asyncio.create_task(intake({"type": "http"}, body(CHUNK, CHUNK), silent))
        await asyncio.sleep(0)
        with pytest.raises(BusyError) as caught:
            await intake({"type": "http"}, body(CHUNK), silent)
        assert (caught.value.got, caught.value.expected) == ("1200 bytes", "at most 1500")
        gate.set()
        with pytest.raises(RuntimeError, match="http"):
            await first
        with pytest.raises(RuntimeError, match="http"):
            await intake({"type": "http"}, body(CHUNK, CHUNK), silent)
        with pytest.raises(RuntimeError, match="websocket"):
            await intake({"type": "websocket"}, body(*[CHUNK] * 9), silent)

    asyncio.run(run())
    assert read == [600] * 2 + [600] * 2 + [600] * 9


@pytest.mark.parametrize("path", [PREDICT, "/v1/models/tiny_classifier:predict", "/v2/models/tiny_classifier/infer"])
def test_every_door_answers_429_beyond_the_limit(tiny_models: Path, path: str) -> None:
    with open_door(tiny_models, max_bodies_mb=1) as door:
        answer = door.post(path, content=bytes(2**20 + 1), headers={"Content-Type": "application/octet-stream"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert "SATCHEL_MAX_BODIES_MB" in answer.text
        assert door.post(PREDICT, content=plain((255, 0, 0))).status_code == 200
