"""Answers of HTTP/1.1 in every form that a server may choose."""

import pytest

from inference_core.bench.load.http_response import ResponseReader
from inference_core.bench.load.target import MalformedAnswerError

SIZED = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;a=b\r\nhel\r\nA\r\nlo\r\nworld!\r\n0\r\n\r\n"
TRAILERS = CHUNKED[:-2] + b"X-Sum: 1\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("answer", "status", "size"),
    [(SIZED, 200, 5), (CHUNKED, 200, 13), (TRAILERS, 200, 13), (EMPTY, 204, 0), (INTERIM, 200, 5)],
)
def test_an_answer_is_whole_with_its_last_byte(answer: bytes, status: int, size: int, step: int) -> None:
    reader = ResponseReader()
    pieces = [answer[i : i + step] for i in range(0, len(answer), step)]
    assert [reader.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (reader.status, reader.bytes, reader.keep_alive) == (status, size, True)
    assert not reader.end()


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    reader = ResponseReader()
    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\nab")
    assert not reader.feed(b"cd")
    assert reader.end()
    assert (reader.bytes, reader.keep_alive) == (4, False)


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive", True),
    ],
)
def test_the_server_says_whether_the_connection_goes_on(head: bytes, kept: bool) -> None:
    reader = ResponseReader()
    assert reader.feed(head + b"\r\nContent-Length: 0\r\n\r\n")
    assert reader.keep_alive is kept


def test_only_errors_keep_the_beginning_of_what_they_say() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 429 Too Many\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
    assert reader.excerpt == b"x" * 300
    good = ResponseReader()
    assert good.feed(SIZED)
    assert good.excerpt == b""


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\ntwo",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"a" * 65537,
    ],
)
def test_what_is_no_answer_is_malformed(answer: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        ResponseReader().feed(answer)
