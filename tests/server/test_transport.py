"""What only a real socket shows: framing, limits, connections that break, and requests that share a connection."""

import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.pictures import plain
from tests.server.doors import PREDICT
from tests.server.process import Server, read_all, serving

MIB = 2**20
RED = plain((255, 0, 0))
CLOSE = b"Connection: close\r\n"


@pytest.fixture(scope="module")
def server(tiny_models: Path) -> Iterator[Server]:
    with serving(tiny_models, max_body_mb="1", threads="1") as running:
        yield running
        _, _, complaints = running.stop()
    assert "Traceback" not in complaints  # nothing that a client did here was a defect of ours


def head(method: str, path: str, *lines: bytes) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: here\r\n".encode() + b"".join(lines) + b"\r\n"


def exchange(server: Server, sent: bytes) -> bytes:
    with server.connect() as connection:
        connection.sendall(sent)
        return read_all(connection)


def error_of(answer: bytes) -> dict[str, str]:
    error: dict[str, str] = orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    return error


def test_a_picture_in_pieces_is_a_picture(server: Server) -> None:
    pieces = (RED[start : start + 7] for start in range(0, len(RED), 7))
    whole, chunked = server.ask("POST", PREDICT, RED), server.ask("POST", PREDICT, pieces)
    assert (whole[0], chunked[0]) == (200, 200)
    first, second = (orjson.loads(answer[1])["predictions"] for answer in (whole, chunked))
    assert first == second
    assert first[0]["label"] == "red"


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    lines = [f"Content-Length: {MIB + 1}\r\n".encode(), b"Expect: 100-continue\r\n", CLOSE]
    answer = exchange(server, head("POST", PREDICT, *lines))
    assert answer.startswith(b"HTTP/1.1 413 ")  # and no 100 before it
    assert error_of(answer)["got"] == "1048577 bytes"


def test_a_client_that_waits_for_leave_to_send_gets_it(server: Server) -> None:
    lines = [f"Content-Length: {len(RED)}\r\n".encode(), b"Expect: 100-continue\r\n", CLOSE]
    with server.connect() as connection:
        connection.sendall(head("POST", PREDICT, *lines))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(RED)
        assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_a_chunked_body_over_the_limit_is_413(server: Server) -> None:
    status, body = server.ask("POST", PREDICT, iter([bytes(MIB), bytes(MIB)]))
    assert (status, orjson.loads(body)["error"]["got"]) == (413, "more than 1048576 bytes")


def test_a_refused_body_does_not_disturb_the_next_request(server: Server) -> None:
    refused = head("POST", PREDICT, b"Content-Length: %d\r\n" % (MIB + 1)) + bytes(MIB + 1)
    answer = exchange(server, refused + head("GET", "/health/live", CLOSE))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b'{"status":"live"}')


def test_one_connection_answers_many_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    statuses = []
    for method, path, body in [("POST", PREDICT, RED), ("POST", PREDICT, b""), ("GET", "/nowhere", None)] * 3:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert statuses == [200, 400, 404] * 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/models/a%2Fb", 404),
        ("GET", "/models/" + "n" * 60_000, 414),
        ("GET", "/models/%ff%00", 404),
        ("HEAD", "/health/live", 405),
        ("OPTIONS", PREDICT, 405),
        ("PATCH", "/models", 405),
    ],
)
def test_odd_requests_get_plain_answers(server: Server, method: str, path: str, status: int) -> None:
    answer = exchange(server, head(method, path, CLOSE))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/json\r\n" in answer
    assert b"server: uvicorn" not in answer
    if method == "HEAD":
        assert answer.endswith(b"\r\n\r\n")
    else:
        assert error_of(answer)["code"] == {404: "not_found", 405: "method_not_allowed", 414: "url_too_long"}[status]


@pytest.mark.parametrize(
    "broken", [b"NONSENSE\r\n\r\n", head("GET", "/models/\xff"), b"GET / HTTP/1.1\r\n bad\r\n\r\n"]
)
def test_what_is_not_http_is_400(server: Server, broken: bytes) -> None:
    assert exchange(server, broken).startswith(b"HTTP/1.1 400 ")


def test_clients_that_break_off_take_no_place(server: Server) -> None:
    for _ in range(70):  # more than the queue holds
        with server.connect() as connection:
            connection.sendall(head("POST", PREDICT, b"Content-Length: 1000\r\n") + RED[:20])
    for _ in range(70):
        with server.connect() as connection:
            connection.sendall(head("POST", PREDICT, b"Content-Length: %d\r\n" % len(RED)) + RED)
    time.sleep(0.1)
    assert server.ask("POST", PREDICT, RED)[0] == 200
