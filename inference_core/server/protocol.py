"""What uvicorn leaves unlimited between a socket and the application: heads, silence, and how many connect."""

import asyncio
from typing import cast

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from inference_core.errors import BadRequestError, BusyError, HeadersTooLargeError, SatchelError

MAX_HEAD = 64 * 1024
"""Bytes of a head that is not finished. `head.HeadGuard` is stricter with finished ones, and answers more kindly."""

HEAD_TIMEOUT = 10.0
"""Seconds from the opening of a connection, or from the first bytes after an answer, to a whole head."""

DRAIN_TIMEOUT = 30.0
"""Seconds in which a client collects what is left of its answers, or `DRAIN_BYTES` of it."""

DRAIN_BYTES = 512 * 1024

MAX_CONNECTIONS = 1000
"""Connections of one process."""

MAX_PIPELINED = 32
"""Requests of one connection that have no answer yet."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 on httptools, for `uvicorn.Config(http=BoundedProtocol)`, with what a client may not do:

    * send a head slowly: a connection on which no request waits for its answer is closed after `HEAD_TIMEOUT`, however
      many bytes trickle in. Bodies are the application's to time.
    * send a head without end: 431 after `MAX_HEAD` bytes.
    * send more than `MAX_PIPELINED` requests before the first is answered: 400.
    * leave its answer uncollected: the connection is cut where `DRAIN_TIMEOUT` passes without `DRAIN_BYTES`.
    * take all places: beyond `MAX_CONNECTIONS` one without a request is closed for the newcomer; where all wait for
      answers, the newcomer gets 429.
    """

    _limit: asyncio.TimerHandle | None = None
    _drain: asyncio.TimerHandle | None = None
    _in_head = False
    _head = 0
    _unanswered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._start_limit()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_room()

    def _make_room(self) -> None:
        for other in self.connections:
            if isinstance(other, BoundedProtocol) and other is not self and other._may_go():
                other.transport.close()
                return
        self._refuse(
            BusyError(
                "the server has too many connections",
                expected=f"at most {MAX_CONNECTIONS}",
                remedy="try again shortly, and keep fewer connections open",
            )
        )

    def _may_go(self) -> bool:
        return not self._unanswered and not self.transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._limit, self._drain):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(HeadersTooLargeError("the head has no end", expected=f"at most {MAX_HEAD} bytes"))
                return
        if self._limit is None and (self._in_head or not self._unanswered):
            self._start_limit()

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if self._unanswered == MAX_PIPELINED:
            raise BadRequestError("too many requests without an answer yet")  # which the parser makes a 400
        super().on_headers_complete()
        self._unanswered += 1

    def on_response_complete(self) -> None:
        self._unanswered -= 1
        super().on_response_complete()
        self._watch_drain()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_drain()

    def _start_limit(self) -> None:
        self._limit = self.loop.call_later(HEAD_TIMEOUT, self._end_silence)

    def _end_silence(self) -> None:
        if self._unanswered:  # the next head is late because nobody reads it yet
            self._start_limit()
        else:
            self.transport.close()

    def _watch_drain(self) -> None:
        pending = self.transport.get_write_buffer_size()
        if self._drain is None and pending:
            self._drain = self.loop.call_later(DRAIN_TIMEOUT, self._end_drain, pending)

    def _end_drain(self, before: int) -> None:
        self._drain = None
        pending = self.transport.get_write_buffer_size()
        if pending and pending > before - DRAIN_BYTES:
            self.transport.abort()
        else:
            self._watch_drain()

    def _refuse(self, error: SatchelError) -> None:
        """Answers without the application, which has no request yet, and hangs up."""
        body = orjson.dumps(error.body())
        head = (
            f"{STATUS_LINE[error.status].decode()}content-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
