"""Calls over HTTP: the answer whole and in time, or the reason why there is none."""

import gc
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.errors import SettingsError
from inference_core.remote import http
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.http import HttpSender
from inference_core.remote.http_answer import HttpAnswer
from inference_core.remote.plan import Credentials
from tests.remote.certificates import Certificate, make_certificate
from tests.remote.endpoints import plan, wait_until
from tests.remote.raw_server import Behaviour, Request, answer, raw_server, saying

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def opened(url: str, **changes: Any) -> Iterator[HttpSender]:
    sender = HttpSender(plan(**changes), url)
    try:
        yield sender
    finally:
        sender.close()


def ask(url: str, timeout: float = 5.0, **changes: Any) -> HttpAnswer:
    """One call on a sender of its own."""
    with opened(url, **changes) as sender:
        return sender.send("GET", "v2", timeout=timeout)


def failure(url: str, timeout: float = 5.0, **changes: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        ask(url, timeout, **changes)
    return caught.value


def failure_of(behaviour: Behaviour, timeout: float = 5.0) -> CallError:
    with raw_server(behaviour) as server:
        return failure(server.url, timeout)


def listening(listener: socket.socket, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


def reset(connection: socket.socket) -> None:
    """Ends it with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


# What is sent


def test_a_request_has_its_parts_in_order_and_the_answer_comes_whole() -> None:
    tensor: Any = np.arange(500_000, dtype=np.float32)
    with raw_server(saying(answer(b"\x00\x01done", X_Kind="a"))) as server, opened(f"{server.url}/gateway") as sender:
        body = [b'{"inputs": []}', tensor.data, b""]
        got = sender.send("POST", "/v2/models/m/infer", body=body, headers={"X-Own": "1"}, timeout=5)
    assert (got.status, got.content) == (200, b"\x00\x01done")
    assert (got.headers["x-kind"], got.headers.get("X-KIND"), got.headers.get("X-Other")) == ("a", "a", None)
    [request] = server.requests
    assert request.line == "POST /gateway/v2/models/m/infer HTTP/1.1"
    assert request.body == b'{"inputs": []}' + tensor.tobytes()
    assert request.header("Content-Length") == str(14 + tensor.nbytes)
    assert request.header("Host") == f"127.0.0.1:{server.port}"
    assert request.header("X-Own") == "1"
    assert request.header("Transfer-Encoding") is None


def test_the_host_is_that_of_the_url_without_who_asks() -> None:
    with raw_server(saying(answer())) as server:
        ask(f"http://me:secret@localhost:{server.port}")
    assert server.requests[0].header("Host") == f"localhost:{server.port}"
    assert server.requests[0].line == "GET /v2 HTTP/1.1"
    assert server.requests[0].header("Content-Length") is None


def test_credentials_go_with_every_request() -> None:
    credentials = Credentials(header=("X-API-Key", "k1"), token="t1")
    with raw_server(saying(answer())) as server:
        ask(server.url, credentials=credentials)
    assert server.requests[0].header("X-API-Key") == "k1"
    assert server.requests[0].header("Authorization") == "Bearer t1"


def test_a_redirect_is_an_answer_and_the_proxies_of_the_environment_are_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with raw_server(saying(answer(b"", "307 Temporary Redirect", Location="http://127.0.0.1:1/"))) as server:
        assert ask(server.url).status == 307
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"later"), b"later"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["chunked", "continue", "no content"],
)
def test_every_form_of_answer_is_read_and_leaves_the_connection_open(raw: bytes, content: bytes) -> None:
    with raw_server(saying(raw)) as server, opened(server.url) as sender:
        assert [sender.send("GET", "/", timeout=5).content for _ in range(3)] == [content] * 3
    assert server.connections == 1


def test_an_answer_may_end_with_its_connection() -> None:
    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")
        connection.close()

    with raw_server(behave) as server:
        assert ask(server.url).content == b"all of it"


# Connections


def test_connections_are_kept_and_as_many_as_there_are_calls_at_once() -> None:
    together = threading.Barrier(4)

    def behave(connection: socket.socket, request: Request) -> None:
        if request.line.startswith("GET /together"):
            together.wait(5)
        connection.sendall(answer(str(request.connection).encode()))

    with raw_server(behave) as server, opened(server.url, concurrency=2) as sender:
        for _ in range(3):
            sender.send("GET", "/", timeout=5)
        assert server.connections == 1
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(sender.send, "GET", "/together", timeout=5) for _ in range(4)]
            assert {call.result().content for call in calls} == {b"1", b"2", b"3", b"4"}
        with ThreadPoolExecutor(2) as pool:
            together = threading.Barrier(2)
            calls = [pool.submit(sender.send, "GET", "/together", timeout=5) for _ in range(2)]
            assert all(call.result().status == 200 for call in calls)
        assert server.connections == 4  # two were kept


def test_a_connection_that_the_server_closed_while_idle_fails_no_call() -> None:
    closed = threading.Event()

    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(b"one"))
        connection.close()
        closed.set()

    with raw_server(behave) as server, opened(server.url) as sender:
        for _ in range(3):
            assert sender.send("GET", "/", timeout=5).content == b"one"
            assert closed.wait(5)
            closed.clear()
        assert server.connections == 3


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["closed", "reset"])
def test_a_kept_connection_that_ends_before_any_byte_of_the_answer_is_tried_once_more(
    end: Callable[[socket.socket], None],
) -> None:
    def behave(connection: socket.socket, request: Request) -> None:
        if request.number > 1:
            end(connection)
        else:
            connection.sendall(answer(request.body))

    with raw_server(behave) as server, opened(server.url) as sender:
        assert sender.send("POST", "/", body=[b"first"], timeout=5).content == b"first"
        assert sender.send("POST", "/", body=[b"second"], timeout=5).content == b"second"
        assert [(request.connection, request.body) for request in server.requests] == [
            (1, b"first"),
            (1, b"second"),
            (2, b"second"),
        ]


def test_a_kept_connection_that_ends_within_the_answer_is_not_tried_again() -> None:
    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(b"whole") if request.number == 1 else b"HTTP/1.1 2")
        if request.number > 1:
            connection.close()

    with raw_server(behave) as server, opened(server.url) as sender:
        sender.send("GET", "/", timeout=5)
        with pytest.raises(CallError):
            sender.send("GET", "/", timeout=5)
        assert len(server.requests) == 2


def test_a_new_connection_that_ends_before_the_answer_is_not_tried_again() -> None:
    with raw_server(lambda connection, request: connection.close()) as server:
        assert failure(server.url).kind is Failure.BROKEN
    assert server.connections == 1


def test_a_connection_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LONGEST_IDLE", 0.05)
    with raw_server(saying(answer())) as server, opened(server.url) as sender:
        sender.send("GET", "/", timeout=5)
        sender.send("GET", "/", timeout=5)
        assert server.connections == 1
        time.sleep(0.1)
        sender.send("GET", "/", timeout=5)
        assert server.connections == 2


def test_what_comes_unasked_on_a_kept_connection_answers_nothing() -> None:
    read, sent = threading.Event(), threading.Event()

    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(str(request.connection).encode()))
        if request.connection == 1:
            assert read.wait(5)
            connection.sendall(answer(b"unasked"))
            sent.set()

    with raw_server(behave) as server, opened(server.url) as sender:
        assert sender.send("GET", "/", timeout=5).content == b"1"
        read.set()
        assert sent.wait(5)
        assert sender.send("GET", "/", timeout=5).content == b"2"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_stays_open_once_it_is_closed() -> None:
    with raw_server(saying(answer())) as server:
        before = open_files()
        sender = HttpSender(plan(), server.url)
        sender.send("GET", "/", timeout=5)
        sender.close()
        assert sender.send("GET", "/", timeout=5).status == 200  # as a call that was under way
        assert failure("http://127.0.0.1:1").kind is Failure.UNREACHABLE
        gc.collect()  # a warning of an open socket would fail the test
        wait_until(lambda: open_files() == before)  # with the server's side


# What becomes of it otherwise


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert error.kind is Failure.UNREACHABLE
    assert "refused" in error.said


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example"])
def test_there_is_no_such_host(host: str) -> None:
    assert failure(f"http://{host}:8000").kind is Failure.UNREACHABLE


def test_a_connection_that_is_not_taken_in_time_is_unreachable() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = listening(listener)
        with socket.create_connection(listener.getsockname()):  # fills the queue
            began = time.monotonic()
            assert failure(url, connect=0.2).kind is Failure.UNREACHABLE
            assert failure(url, timeout=0.1, connect=5.0).kind is Failure.UNREACHABLE
            assert time.monotonic() - began < 1.5


def test_without_time_nothing_is_asked() -> None:
    with raw_server(saying(answer())) as server:
        assert failure(server.url, timeout=0.0).kind is Failure.TIMEOUT
    assert server.connections == 0


def test_silence_ends_at_the_deadline() -> None:
    began = time.monotonic()
    assert failure_of(lambda connection, request: None, timeout=0.3).kind is Failure.TIMEOUT
    assert 0.25 < time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    "whole",
    [answer(b"x" * 1000), answer()[:-2] + b"X: " + b"y" * 1000, CHUNKED + b"1\r\nx\r\n" * 300],
    ids=["body", "headers", "chunks"],
)
def test_a_server_that_dribbles_is_cut_off_at_the_deadline(whole: bytes) -> None:
    left = threading.Event()

    def behave(connection: socket.socket, request: Request) -> None:
        try:
            for byte in whole:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            left.set()
            raise

    with raw_server(behave) as server:
        began = time.monotonic()
        assert failure(server.url, timeout=0.5).kind is Failure.TIMEOUT
        assert 0.4 < time.monotonic() - began < 1.5
        assert left.wait(5)


def test_a_server_that_does_not_read_is_cut_off_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        with opened(listening(listener)) as sender, pytest.raises(CallError) as caught:
            sender.send("POST", "/", body=[bytes(2**26)], timeout=0.4)
        assert caught.value.kind is Failure.TIMEOUT
        assert 0.3 < time.monotonic() - began < 2


def end_after(raw: bytes, end: Callable[[socket.socket], None] = socket.socket.close) -> Behaviour:
    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(raw)
        end(connection)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (end_after(b""), Failure.BROKEN),
        (end_after(b"", reset), Failure.BROKEN),
        (end_after(answer(b"0123456789")[:-3]), Failure.BROKEN),
        (end_after(CHUNKED + b"5\r\nab"), Failure.BROKEN),
        (end_after(b"SSH-2.0-OpenSSH_9.6\r\n"), Failure.GARBAGE),
        (end_after(b"\x00\x01\x02" * 100 + b"\r\n"), Failure.GARBAGE),
        (end_after(b"x" * 70_000), Failure.GARBAGE),
        (end_after(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), Failure.GARBAGE),
        (end_after(b"HTTP/1.1 ??? what\r\n\r\n"), Failure.GARBAGE),
    ],
    ids=["eof", "reset", "short", "chunk", "ssh", "bytes", "line", "headers", "status"],
)
def test_an_answer_that_ends_early_or_is_none(behaviour: Behaviour, kind: Failure) -> None:
    error = failure_of(behaviour)
    assert error.kind is kind
    assert error.said
    assert len(error.said) <= 200
    assert "\n" not in error.said


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"x" * 1001),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",  # is not waited for
        CHUNKED + b"64\r\n" + b"y" * 100 + b"\r\n" + b"400\r\n" + b"z" * 1024,
        b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001,
    ],
    ids=["told", "alone", "chunked", "until the end"],
)
def test_an_answer_that_is_too_large_is_not_taken(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    error = failure_of(saying(raw))
    assert error.kind is Failure.GARBAGE
    assert error.said == "the answer has more than 1000 bytes"


def test_an_answer_may_be_as_large_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    for raw in (
        answer(b"x" * 1000),
        CHUNKED + b"3E8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
    ):
        with raw_server(saying(raw)) as server:
            assert ask(server.url).content == b"x" * 1000


def test_a_server_may_answer_before_it_has_read_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, opened(listening(listener)) as sender:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer(b'{"error": "too large"}', "413 Content Too Large", Connection="close"))
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(2**20):  # closing at once would send RST
                    pass

        refusing = threading.Thread(target=refuse)
        refusing.start()
        assert sender.send("POST", "/", body=[bytes(2**24)], timeout=5).status == 413
        refusing.join()


# TLS


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "ours")


def trusting(path: Path) -> dict[str, Any]:
    return {"credentials": Credentials(ca=path)}


def test_a_trusted_endpoint_is_asked_over_tls(ours: Certificate) -> None:
    body = bytes(range(256)) * 20_000
    with (
        raw_server(lambda c, r: c.sendall(answer(r.body)), ours.server_context()) as server,
        opened(server.url, **trusting(ours.certificate)) as sender,
    ):
        for _ in range(2):
            assert sender.send("POST", "/", body=[body[:100], body[100:]], timeout=5).content == body
    assert server.connections == 1


def test_silence_and_dribbling_end_at_the_deadline_over_tls_too(ours: Certificate) -> None:
    def behave(connection: socket.socket, request: Request) -> None:
        for byte in answer(b"x" * 1000):
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    with raw_server(behave, ours.server_context()) as server:
        began = time.monotonic()
        assert failure(server.url, timeout=0.5, **trusting(ours.certificate)).kind is Failure.TIMEOUT
        assert time.monotonic() - began < 1.5


def test_a_certificate_of_someone_else_is_not_trusted(ours: Certificate, tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "other")
    with raw_server(saying(answer()), other.server_context()) as server:
        error = failure(server.url, **trusting(ours.certificate))
        assert error.kind is Failure.UNTRUSTED
        assert "self-signed" in error.said
        assert failure(server.url).kind is Failure.UNTRUSTED  # nor by the system's
    assert not server.requests


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    elsewhere = make_certificate(tmp_path, "elsewhere", "DNS:elsewhere.example")
    with raw_server(saying(answer()), elsewhere.server_context()) as server:
        error = failure(server.url, **trusting(elsewhere.certificate))
    assert error.kind is Failure.UNTRUSTED
    assert "127.0.0.1" in error.said


def test_a_server_without_tls_is_not_reached_over_it(ours: Certificate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        greeting = threading.Thread(target=greet)
        greeting.start()
        url = listening(listener, "https")
        assert failure(url, **trusting(ours.certificate)).kind is Failure.UNREACHABLE
        greeting.join()


def test_a_handshake_that_does_not_go_on_is_given_up(ours: Certificate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        url = listening(listener, "https")
        assert failure(url, connect=0.2, **trusting(ours.certificate)).kind is Failure.UNREACHABLE
        assert time.monotonic() - began < 1.5


def test_a_server_that_resets_before_the_handshake_leaves_no_socket_open(ours: Certificate) -> None:
    tries = 100
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            for _ in range(tries):
                reset(listener.accept()[0])

        refusing = threading.Thread(target=refuse)
        refusing.start()
        url = listening(listener, "https")
        kinds = {failure(url, **trusting(ours.certificate)).kind for _ in range(tries)}
        refusing.join()
    assert kinds == {Failure.UNREACHABLE}
    gc.collect()  # a socket that is lost warns, which is an error here


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["missing", "empty", "text"])
def test_authorities_that_cannot_be_read_are_told_at_the_start(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        HttpSender(plan(**trusting(path)), "https://127.0.0.1:1")
    assert str(path) in str(caught.value)
    assert "SATCHEL_REMOTE_CA" in str(caught.value)


def test_the_systems_authorities_are_those_of_openssl() -> None:
    context = HttpSender(plan(), "https://127.0.0.1:1")._tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_the_ports_of_schemes_stand_where_none_is_named() -> None:
    urls = ("http://host", "https://host", "http://host:81", "http://[::1]")
    assert [HttpSender(plan(), url)._port for url in urls] == [80, 443, 81, 80]
