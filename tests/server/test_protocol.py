"""What a client may not do to a connection, over real sockets."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest
import uvicorn

from inference_core.server import protocol
from inference_core.server.protocol import BoundedProtocol

CLOSE = b"Connection: close\r\n"
WHOLE = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
LARGE = 32 * 2**20
WITHIN = 10.0


class Application:
    """Answers `/` at once, `/hold` when it is let go, `/large` with 32 MiB, and `/body` after the body."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.freed = threading.Event()
        self.calls = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        self.entered.release()
        if scope["path"] == "/hold":
            await asyncio.to_thread(self.freed.wait, WITHIN)
        if scope["path"] == "/body":
            while (await receive())["more_body"]:
                pass
        body = bytes(LARGE) if scope["path"] == "/large" else b"fine"
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Running:
    """A uvicorn server in a thread."""

    def __init__(self) -> None:
        self.app = Application()
        config = uvicorn.Config(
            self.app,
            port=0,
            http=BoundedProtocol,
            loop="uvloop",
            ws="none",
            lifespan="off",
            log_level="critical",
            timeout_keep_alive=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        limit = time.monotonic() + WITHIN
        while not self.server.started and time.monotonic() < limit:
            time.sleep(0.005)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN)

    def stop(self) -> None:
        self.app.freed.set()
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(WITHIN)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(protocol, "HEAD_TIMEOUT", 0.5)
    monkeypatch.setattr(protocol, "DRAIN_TIMEOUT", 1.0)
    server = Running()
    yield server
    server.stop()


def rest(connection: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    received = []
    with suppress(ConnectionResetError):
        while chunk := connection.recv(2**20):
            received.append(chunk)
    return b"".join(received)


def trickled(connection: socket.socket, piece: bytes) -> float:
    """Sends `piece` over and over; seconds until the server hangs up."""
    began = time.monotonic()
    connection.settimeout(0.05)
    while time.monotonic() - began < WITHIN:
        try:
            connection.sendall(piece)
            if not connection.recv(65536):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def settled(running: Running, connections: int) -> bool:
    """Whether so many connections are left before long."""
    limit = time.monotonic() + WITHIN
    while running.connections != connections and time.monotonic() < limit:
        time.sleep(0.005)
    return running.connections == connections


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b""),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        (b"GET /", b"n"),
        (WHOLE, b"\r\n"),
        (WHOLE + b"GET / HTTP/1.1\r\nX: ", b"y"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n", b"y"),  # answered already: nobody wants the body
    ],
)
def test_a_head_that_trickles_in_is_given_up(running: Running, before: bytes, piece: bytes) -> None:
    with running.connect() as connection:
        connection.sendall(before)
        taken = trickled(connection, piece)
    assert 0.4 <= taken < 8
    assert settled(running, 0)


def test_an_idle_connection_is_kept_for_a_while(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(WHOLE)
        assert 0.9 <= trickled(connection, b"") < 8  # uvicorn's timeout_keep_alive


def test_a_head_in_pieces_is_a_head(running: Running) -> None:
    with running.connect() as connection:
        for start in range(len(WHOLE)):
            connection.sendall(WHOLE[start : start + 1])
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_slow_body_is_the_applications_to_time(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(b"POST /body HTTP/1.1\r\nContent-Length: 12\r\n\r\n")
        for _ in range(12):
            time.sleep(0.1)
            connection.sendall(b"y")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_waiting_for_an_answer_is_no_silence(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(WHOLE.replace(b"/ ", b"/hold ", 1) + WHOLE[:-4])
        time.sleep(1.2)
        running.app.freed.set()
        time.sleep(0.1)
        connection.sendall(WHOLE[-4:].replace(b"\r\n\r\n", b"\r\n" + CLOSE + b"\r\n"))
        assert rest(connection).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nX: ", b"GET /", b"GET / HTTP/1.1\r\n"])
def test_a_head_without_end_is_431(running: Running, start: bytes) -> None:
    piece = b"X: y\r\n" * 200 if start.endswith(b"\n") else b"y" * 1000
    with running.connect() as connection:
        connection.sendall(start)
        sent = 0
        while not running.app.calls and sent < 2**20:
            try:
                connection.sendall(piece)
            except OSError:
                break
            sent += len(piece)
            time.sleep(0.001)
        answer = rest(connection)
    assert sent < 2**19
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert running.app.calls == 0


def test_the_answer_to_a_head_without_end_says_why(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * protocol.MAX_HEAD)
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "headers_too_large"


@pytest.mark.parametrize(("count", "status"), [(protocol.MAX_PIPELINED, 200), (protocol.MAX_PIPELINED + 1, 400)])
def test_requests_sent_ahead_are_counted(running: Running, count: int, status: int) -> None:
    with running.connect() as connection:
        connection.sendall(WHOLE * (count - 1) + WHOLE.replace(b"\r\n\r\n", b"\r\n" + CLOSE + b"\r\n"))
        answer = rest(connection)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 200 ") == (count if status == 200 else 0)


def test_an_answer_that_nobody_collects_is_cut(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(WHOLE.replace(b"/ ", b"/large ", 1))
        assert running.app.entered.acquire(timeout=WITHIN)
        assert settled(running, 0)
        assert len(rest(connection)) < LARGE


def test_a_large_answer_that_is_collected_in_good_time_is_whole(running: Running) -> None:
    received = 0
    with running.connect() as connection:
        connection.sendall(WHOLE.replace(b"/ ", b"/large ", 1).replace(b"\r\n\r\n", b"\r\n" + CLOSE + b"\r\n"))
        while chunk := connection.recv(2**20):
            received += len(chunk)
            time.sleep(0.06)  # so that it takes longer than DRAIN_TIMEOUT
    assert received > LARGE


def test_a_newcomer_takes_the_place_of_one_without_a_request(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 2)
    hold = WHOLE.replace(b"/ ", b"/hold ", 1)
    with running.connect() as silent, running.connect() as first:
        first.sendall(hold)
        assert running.app.entered.acquire(timeout=WITHIN)
        with running.connect() as second:
            assert rest(silent) == b""
            second.sendall(hold)
            assert running.app.entered.acquire(timeout=WITHIN)
            with running.connect() as late:
                answer = rest(late)
            running.app.freed.set()
            assert second.recv(100).startswith(b"HTTP/1.1 200 ")
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "busy"
        assert first.recv(100).startswith(b"HTTP/1.1 200 ")
