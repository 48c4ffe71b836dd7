"""gRPC, against a server that knows nothing of messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from inference_core.bench.load import GrpcTarget, Report, opened, run_closed
from inference_core.errors import UnreachableError

grpc = pytest.importorskip("grpc")
aio = pytest.importorskip("grpc.aio")


class _Echo:
    """Answers what it was sent; `busy` is refused, `slow` takes its time."""

    def __init__(self) -> None:
        self.keys: set[str | None] = set()

    async def say(self, message: bytes, context: Any) -> bytes:
        self.keys.add(dict(context.invocation_metadata()).get("authorization"))
        if message == b"busy":
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "the queue is full")
        if message == b"slow":
            await asyncio.sleep(5)
        return message


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[str, _Echo]]:
    server, handler = aio.server(options=[("grpc.max_receive_message_length", -1)]), _Echo()
    say = grpc.unary_unary_rpc_method_handler(handler.say)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo.Echo", {"Say": say}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", handler
    finally:
        await server.stop(0)


def test_messages_are_answered_refused_and_given_up() -> None:
    async def measure() -> tuple[Report, Report, set[str | None]]:
        async with echo() as (address, handler):
            messages = [b"abc", b"x" * 5_000_000, b"busy", b"slow"]
            key = {"Authorization": "Bearer k"}
            async with opened(GrpcTarget(address, "/echo.Echo/Say", messages, metadata=key)) as target:
                report = await run_closed(target, 4, requests=8, timeout=1.5)
            async with opened(GrpcTarget(address, "/echo.Echo/Nothing", [b""])) as target:
                return report, await run_closed(target, 1, requests=1), handler.keys

    report, nothing, keys = asyncio.run(measure())
    assert report.statuses == {"OK": 4, "RESOURCE_EXHAUSTED": 2, "timeout": 2}
    assert {sample.bytes for sample in report.samples if sample.ok} == {3, 5_000_000}
    assert {sample.error for sample in report.samples if sample.outcome == "RESOURCE_EXHAUSTED"} == {
        "the queue is full"
    }
    assert nothing.statuses == {"UNIMPLEMENTED": 1}
    assert keys == {"Bearer k"}


def test_nobody_there_is_said() -> None:
    async def measure() -> None:
        async with opened(GrpcTarget("127.0.0.1:1", "/a/B", [b""], patience=0.2)):
            raise AssertionError

    with pytest.raises(UnreachableError, match=r"^no gRPC server answers at 127\.0\.0\.1:1\n  got: silence for 0\.2 s"):
        asyncio.run(measure())
