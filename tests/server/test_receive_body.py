"""The body of a request, in time or not."""

import asyncio

import pytest
from fastapi import Request

from inference_core.errors import DeadlineError, TooLargeError
from inference_core.server.body import receive_body
from inference_core.server.patience import Patience
from tests.server.doors import Receive, body_of

SCOPE = {"type": "http", "method": "POST", "path": "/", "headers": []}


def receive(source: Receive, limit: int = 100, timeout: float = 5.0) -> bytes:
    return asyncio.run(receive_body(Request(SCOPE, source), limit, Patience(timeout)))


def test_the_body_is_whole() -> None:
    assert receive(body_of(b"ab", b"c")) == b"abc"
    assert receive(body_of(b"")) == b""


def test_too_large_a_body_is_refused() -> None:
    with pytest.raises(TooLargeError):
        receive(body_of(b"a" * 60, b"b" * 41))


def test_a_body_that_stalls_is_late() -> None:
    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(DeadlineError) as caught:
        receive(never, timeout=0.01)
    assert caught.value.expected == "all of it within 0.01 s"
