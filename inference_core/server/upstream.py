"""One HTTP exchange with a host that holds a picture, at an address that was chosen before."""

import asyncio
import ssl
from contextlib import suppress
from functools import cache
from typing import Any

import httptools

from inference_core.errors import BadGatewayError, TooLargeError

_MAX_FRAMING = 32 * 1024  # bytes of heads, chunk sizes and trailers, beside as many as the body has
_CHUNK = 64 * 1024
_CLOSING = 1.0  # seconds that the other side may take to say goodbye


class Reply:
    """What a host answered. The parser calls the `on_` methods.

    Args:
        limit: most bytes of the body.
    """

    def __init__(self, limit: int) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.status = 0
        self.complete = False
        self._limit = limit
        self._received = 0
        self._in_body = False
        self._parser: Any = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Takes bytes in.

        Raises:
            BadGatewayError: they are no HTTP, or far more of it than content.
            TooLargeError: the body has more bytes than it may.
        """
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise failed("the answer cannot be read as HTTP", str(error)) from error
        if max(len(self.body), self._declared()) > self._limit:
            raise TooLargeError(
                "the file at the URL is too large",
                expected=f"at most {self._limit} bytes",
                remedy="name a smaller picture, or raise SATCHEL_MAX_BODY_MB",
            )
        if self._received - len(self.body) > len(self.body) + _MAX_FRAMING:
            raise failed("the answer has too much around its content", f"{self._received} bytes")

    def _declared(self) -> float:
        """What the head says of the body's length. The parser has refused what is no number."""
        return float(self.headers.get(b"content-length", b"0")) if self._in_body else 0

    def end(self) -> None:
        """Notes that the connection has ended, which ends a body of unknown length.

        Raises:
            BadGatewayError: more was to come.
        """
        framed = b"content-length" in self.headers or b"transfer-encoding" in self.headers
        if not self._in_body or framed:
            raise failed("the host broke off its answer", f"{len(self.body)} bytes")
        self.complete = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A whole header; trailers, which follow the body, count for nothing."""
        if not self._in_body:
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is there; an interim one (1xx) is followed by another."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
        else:
            self._in_body = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body; what exceeds the limit is not kept."""
        if len(self.body) <= self._limit:
            self.body += data

    def on_message_complete(self) -> None:
        """The end of the answer, where it says itself how long it is."""
        self.complete = self._in_body


async def exchange(address: str, port: int, request: bytes, limit: int, tls_name: str | None) -> Reply:
    """Sends `request` to `address` and reads the answer.

    Args:
        address: where to connect; no name is looked up.
        port: likewise.
        request: a whole HTTP/1.1 request that asks to close the connection.
        limit: most bytes of the answer's body.
        tls_name: the name that the host must prove to own, and that it is asked for (SNI); None sends it in the clear.

    Raises:
        BadGatewayError: the host cannot be reached, or does not answer in HTTP.
        TooLargeError: the body has more than `limit` bytes.
    """
    context = None if tls_name is None else await asyncio.to_thread(trusted)
    try:
        reader, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=tls_name)
    except OSError as error:
        reason = "its certificate does not hold" if isinstance(error, ssl.SSLCertVerificationError) else "no connection"
        raise failed("the host cannot be reached", reason) from error
    reply = Reply(limit)
    try:
        writer.write(request)
        while not reply.complete:
            if data := await reader.read(_CHUNK):
                reply.feed(data)
            else:
                reply.end()
    except OSError as error:
        raise failed("the host broke off its answer", f"{len(reply.body)} bytes") from error
    finally:
        await _close(writer)
    return reply


@cache
def trusted() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities, which take a while to read."""
    return ssl.create_default_context()


async def _close(writer: asyncio.StreamWriter) -> None:
    """Ends the connection at once; that the other side is gone already, or lingers, changes nothing any more."""
    writer.transport.abort()
    with suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), _CLOSING)


def failed(message: str, got: str | None = None) -> BadGatewayError:
    """The error for a host that does not give what it was asked for."""
    return BadGatewayError(message, got=got, remedy="check that the URL gives the picture, or send the picture itself")
