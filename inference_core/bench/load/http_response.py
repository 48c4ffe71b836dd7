"""Reading an answer of HTTP/1.1: no more of it than a load generator must know. Source: RFC 9112."""

from enum import Enum, auto

from inference_core.bench.load.target import MalformedAnswerError

_EXCERPT = 300
_LONGEST_HEAD = 65536


class _Body(Enum):
    SIZED = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()


class ResponseReader:
    """Takes an answer in any pieces. Bodies are counted, not kept, but for the beginning of those of errors."""

    def __init__(self) -> None:
        self.status = 0
        self.bytes = 0
        """Of the body, so far."""
        self.excerpt = b""
        self.keep_alive = True
        """Whether the connection can be used again."""
        self._buffer = b""
        self._left = 0
        self._body: _Body | None = None

    def feed(self, data: bytes) -> bool:
        """Whether the answer is now whole. MalformedAnswerError where it is no HTTP."""
        if self._body is None:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _LONGEST_HEAD:
                    raise MalformedAnswerError("the head of the answer does not end")
                return False
            head, data, self._buffer = self._buffer[:end], self._buffer[end + 4 :], b""
            self._read_head(head)
            if 100 <= self.status < 200:
                return self.feed(data)  # an interim answer: the real one follows
        return self._read_body(data)

    def end(self) -> bool:
        """Whether the answer is whole now that the connection has ended."""
        return self._body is _Body.UNTIL_CLOSE

    def _read_head(self, head: bytes) -> None:
        line, *fields = head.lower().split(b"\r\n")
        version, _, rest = line.partition(b" ")
        if version not in (b"http/1.1", b"http/1.0") or not rest[:3].isdigit():
            raise MalformedAnswerError(f"this is no HTTP/1.1: {line[:40]!r}")
        self.status = int(rest[:3])
        if 100 <= self.status < 200:
            return
        headers = {name.strip(): value.strip() for name, _, value in (field.partition(b":") for field in fields)}
        connection = headers.get(b"connection", b"keep-alive" if version == b"http/1.1" else b"close")
        self.keep_alive = connection != b"close"
        self._body, self._left = _body_of(self.status, headers)
        if self._body is _Body.UNTIL_CLOSE:
            self.keep_alive = False

    def _read_body(self, data: bytes) -> bool:
        if self._body is _Body.CHUNKED:
            return self._read_chunks(data)
        self._count(data)
        if self._body is _Body.UNTIL_CLOSE:
            return False
        self._left -= len(data)
        if self._left < 0:
            raise MalformedAnswerError("the answer is longer than its head says")
        return self._left == 0

    def _read_chunks(self, data: bytes) -> bool:
        """A chunk is its size in hexadecimal, itself, and a line's end; one of no bytes ends the body."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size = _hexadecimal(self._buffer[:end].split(b";")[0])
            if size == 0:
                return self._buffer.endswith(b"\r\n\r\n")  # perhaps after trailers
            if len(self._buffer) < end + size + 4:
                return False
            self._count(self._buffer[end + 2 : end + 2 + size])
            self._buffer = self._buffer[end + size + 4 :]
        return False

    def _count(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.status >= 300 and len(self.excerpt) < _EXCERPT:
            self.excerpt = (self.excerpt + data)[:_EXCERPT]


def _body_of(status: int, headers: dict[bytes, bytes]) -> tuple[_Body, int]:
    """How the body ends, and its length where that is known."""
    if status in (204, 304):
        return _Body.SIZED, 0
    if headers.get(b"transfer-encoding", b"").endswith(b"chunked"):
        return _Body.CHUNKED, 0
    length = headers.get(b"content-length")
    if length is None:
        return _Body.UNTIL_CLOSE, 0
    if not length.isdigit():
        raise MalformedAnswerError(f"this is no length: {length[:40]!r}")
    return _Body.SIZED, int(length)


def _hexadecimal(digits: bytes) -> int:
    try:
        return int(digits, 16)
    except ValueError as error:
        raise MalformedAnswerError(f"this is no size of a chunk: {digits[:40]!r}") from error
