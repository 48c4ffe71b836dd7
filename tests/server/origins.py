"""Hosts of pictures that say byte by byte what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ssl import SSLContext

Respond = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Origin:
    """A running host. `heads` are the requests it has had."""

    def __init__(self, port: int, heads: list[str]) -> None:
        self.port = port
        self.heads = heads

    @property
    def listed(self) -> str:
        """How a list of hosts names it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def origin(respond: Respond, tls: SSLContext | None = None) -> AsyncIterator[Origin]:
    """A host on this machine whose answers `respond` writes; it hangs up after each."""
    heads: list[str] = []
    running: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())
        try:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await respond(heads[-1].split()[1], writer)
            await writer.drain()
        except (OSError, asyncio.CancelledError, asyncio.IncompleteReadError):
            return  # the client left, or the test ended
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield Origin(server.sockets[0].getsockname()[1], heads)
    finally:
        server.close()
        for task in running:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0)


def says(*parts: bytes) -> Respond:
    """The same bytes for every request."""

    async def respond(path: str, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return respond


def picture(body: bytes, *lines: str) -> bytes:
    """A plain answer."""
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *lines))
    return head.encode() + b"\r\n" + body


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Over there\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
