"""A server of HTTP/1.1 that does as it is told, and targets that need no server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from inference_core.bench.load import Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

Script = Callable[[int], Awaitable[bytes | None]]
"""Number of the request, counted from 0 over all connections -> the bytes to answer; None resets the connection."""


class FakeServer:
    """What a script answers, and what it was asked."""

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.connections = 0
        self.requests: list[bytes] = []
        self.under_way = 0
        self.peak = 0
        self._script = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await _read(reader):
                number = len(self.requests)
                self.requests.append(request)
                self.under_way += 1
                self.peak = max(self.peak, self.under_way)
                answer = await self._script(number)
                self.under_way -= 1
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(answer)
                if b"connection: close" in answer.lower() or b"\r\n\r\n" not in answer:
                    return
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """A request with its body; nothing once the other side has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        found = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        return head + await reader.readexactly(int(found[0]) if found else 0)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@asynccontextmanager
async def fake_server(script: Script) -> AsyncIterator[FakeServer]:
    """A server on a free port."""
    fake = FakeServer(script)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(fake.serve(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Scripted:
    """A target that is a function."""

    def __init__(self, call: Callable[[int], Awaitable[Reply]]) -> None:
        self._call = call
        self.opened = self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def call(self, index: int) -> Reply:
        return await self._call(index)

    async def close(self) -> None:
        self.closed += 1
