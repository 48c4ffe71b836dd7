"""Asking over HTTP/1.1: prepared bytes out over kept connections, and no more work than that."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import SplitResult, urlsplit

from inference_core.bench.load.http_response import ResponseReader
from inference_core.bench.load.target import PATIENCE, Reply
from inference_core.errors import InvalidParameterError, UnreachableError

_PORTS = {"http": 80, "https": 443}


def request_bytes(url: str, body: bytes, *, method: str = "POST", headers: Mapping[str, str] | None = None) -> bytes:
    """A whole request, ready to be sent. Its body is `application/octet-stream` unless the headers say otherwise."""
    parts = _parts(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {"Host": parts.netloc.rpartition("@")[2], "Content-Type": "application/octet-stream"}
    fields |= {"Content-Length": str(len(body)), "Accept": "*/*"} | dict(headers or {})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise InvalidParameterError("a header or the URL holds a line break", remedy="take it out")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class HttpTarget:
    """Sends prepared requests in turn, each over a connection of its own for as long as it lasts.

    There are as many connections as requests were under way at once.

    Args:
        url: names the server; only its scheme, host and port matter.
        requests: of `request_bytes`, at least one.
        patience: seconds that `open` waits for the server.
    """

    def __init__(self, url: str, requests: Sequence[bytes], *, patience: float = PATIENCE) -> None:
        parts = _parts(url)
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._tls = True if parts.scheme == "https" else None
        self.requests, self._patience = tuple(requests), patience
        self._idle: list[_Connection] = []

    async def open(self) -> None:
        try:
            async with asyncio.timeout(self._patience):
                self._idle.append(await self._connect())
        except OSError as error:
            raise UnreachableError(
                f"nothing answers at {self._host}, port {self._port}",
                got=str(error) or f"silence for {self._patience:g} s",
                remedy="start the server, or correct the address",
            ) from error

    async def call(self, index: int) -> Reply:
        connection = self._take_idle() or await self._connect()
        try:
            reader = await connection.ask(self.requests[index % len(self.requests)])
        except BaseException:
            connection.abort()  # what is still to come would be taken for the next answer
            raise
        if reader.keep_alive:
            self._idle.append(connection)
        else:
            connection.abort()
        error = reader.excerpt.decode(errors="replace") if reader.excerpt else None
        return Reply(reader.status, reader.bytes, error=error)

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().abort()
        await asyncio.sleep(0)  # until the event loop has closed them

    def _take_idle(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost:
                return connection
        return None

    async def _connect(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        return connection


class _Connection(asyncio.Protocol):
    """One request at a time."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self.lost = False
        self._answer: asyncio.Future[ResponseReader] | None = None
        self._reader = ResponseReader()

    def ask(self, request: bytes) -> "asyncio.Future[ResponseReader]":
        self._reader = ResponseReader()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def abort(self) -> None:
        self.lost = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.abort()  # nobody asked
            return
        try:
            if self._reader.feed(data):
                self._answer.set_result(self._reader)
        except ConnectionError as error:
            self._answer.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._answer is None or self._answer.done():
            return
        if exc is None and self._reader.end():
            self._answer.set_result(self._reader)
        else:
            self._answer.set_exception(exc or ConnectionResetError("closed before the answer was whole"))


def _parts(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InvalidParameterError("this is no URL of a server", got=url, expected="http://HOST:PORT, or https")
    return parts
