"""Rude clients: slow, wrong about lengths, gone too early, or too many; nobody else notices."""

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.fragile import NAME, PREDICT, QUEUE_SIZE, SLOW, SOUND
from tests.server.process import WITHIN, Server, read_all
from tests.server.watching import answered, becomes, waiting

CLOSE = b"Connection: close\r\n"
CAPACITY = QUEUE_SIZE + 1


def head(length: int, *lines: bytes) -> bytes:
    return f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n".encode() + b"".join(lines) + b"\r\n"


def test_whoever_leaves_gives_its_place_back_and_is_counted(fragile_server: Server) -> None:
    before = answered(fragile_server, 499)
    with ThreadPoolExecutor(2) as clients:
        slow = [clients.submit(fragile_server.ask, "POST", PREDICT, SLOW) for _ in range(2)]
        becomes(lambda: waiting(fragile_server, NAME) == 2)
        with fragile_server.connect() as connection, fragile_server.connect() as other:
            for each in (connection, other):
                each.sendall(head(len(SOUND)) + SOUND)
            becomes(lambda: waiting(fragile_server, NAME) >= 3 or all(each.done() for each in slow))
        becomes(lambda: waiting(fragile_server, NAME) == 0)
        assert [each.result()[0] for each in slow] == [200, 200]
    becomes(lambda: answered(fragile_server, 499) > before)


def test_slow_heads_and_bodies_hold_up_nobody(fragile_server: Server) -> None:
    with ExitStack() as open_ones:
        crowd = [open_ones.enter_context(fragile_server.connect()) for _ in range(100)]
        for number, connection in enumerate(crowd):
            connection.sendall(b"POST / HTTP/1.1\r\nX: " if number % 2 else head(len(SOUND)) + SOUND[:5])
        for turn in range(5):
            for number, connection in enumerate(crowd):
                connection.sendall(b"x" if number % 2 else SOUND[5 + turn : 6 + turn])
            began = time.monotonic()
            assert fragile_server.ask("POST", PREDICT, SOUND)[0] == 200
            assert time.monotonic() - began < 5
        assert waiting(fragile_server, NAME) == 0  # a body that is not there takes no place
        for connection in crowd[::2]:
            connection.sendall(SOUND[10:])
        becomes(lambda: waiting(fragile_server, NAME) == 0)
        statuses = Counter(connection.recv(12) for connection in crowd[::2])
    assert set(statuses) <= {b"HTTP/1.1 200", b"HTTP/1.1 429"}
    assert statuses[b"HTTP/1.1 200"] >= CAPACITY


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (head(5, CLOSE) + SOUND, [b"415"]),  # the rest belongs to nobody
        (head(len(SOUND)) + SOUND + b"garbage\r\n\r\n", [b"400"]),
        (head(-1) + SOUND, [b"400"]),
        (head(3, b"Content-Length: 4\r\n") + SOUND, [b"400"]),
        (head(3, b"Transfer-Encoding: chunked\r\n") + SOUND, [b"400"]),
        (f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode(), [b"400"]),
        (
            f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
            + b"%x;a=b\r\n%s\r\n0\r\nTrailer: t\r\n\r\n" % (len(SOUND), SOUND),
            [b"200"],
        ),
    ],
)
def test_a_body_of_another_length_harms_nobody(fragile_server: Server, sent: bytes, expected: list[bytes]) -> None:
    with fragile_server.connect() as connection:
        connection.sendall(sent)
        answers = read_all(connection)
    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == expected
    assert fragile_server.ask("POST", PREDICT, SOUND)[0] == 200


@pytest.mark.parametrize("sent", [head(len(SOUND) + 1) + SOUND, head(100)])
def test_a_client_that_ends_before_its_body_does_is_let_go(fragile_server: Server, sent: bytes) -> None:
    before = answered(fragile_server, 499)
    with fragile_server.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"200" not in read_all(connection)[:15]
    becomes(lambda: answered(fragile_server, 499) == before + 1)


def resident(server: Server) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


def count_answers(server: Server, rounds: int) -> Counter[bytes]:
    """Statuses over one connection that is kept, 20 requests to a round, sent together."""
    tiny = [b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n", head(1) + b"x"] * 10
    found: Counter[bytes] = Counter()
    with server.connect() as connection:
        for _ in range(rounds):
            connection.sendall(b"".join(tiny))
            received = b""
            while received.count(b"HTTP/1.1 ") < len(tiny) or not received.endswith(b"}"):
                chunk = connection.recv(65536)
                assert chunk, "the connection was closed"
                received += chunk
            found.update(part[:3] for part in received.split(b"HTTP/1.1 ")[1:])
    return found


def test_ten_thousand_tiny_requests_are_all_answered_in_bounded_memory(fragile_server: Server) -> None:
    count_answers(fragile_server, 20)
    before, began = resident(fragile_server), time.monotonic()
    with ThreadPoolExecutor(4) as clients:
        found = sum(clients.map(lambda _: count_answers(fragile_server, 125), range(4)), Counter[bytes]())
    assert found.total() == 10_000
    assert found[b"200"] == 5_000
    assert found[b"415"] + found[b"429"] == 5_000
    assert resident(fragile_server) - before < 30e6
    assert time.monotonic() - began < WITHIN
