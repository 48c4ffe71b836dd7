"""The light HTTP client, against a server that answers, stalls, resets and lies."""

import asyncio
from collections.abc import Callable

import pytest

from inference_core.bench.load import HttpTarget, Report, event_loop, opened, request_bytes, run_closed
from inference_core.errors import InvalidParameterError, UnreachableError
from tests.bench.load.fake import OK, FakeServer, Script, fake_server


def load(
    script: Script, *, concurrency: int = 2, requests: int = 20, timeout: float = 5.0
) -> tuple[Report, FakeServer]:
    async def measure() -> tuple[Report, FakeServer]:
        async with fake_server(script) as fake:
            bodies = [request_bytes(f"{fake.url}/path?a=1", body) for body in (b"first", b"second")]
            async with opened(HttpTarget(fake.url, bodies)) as target:
                return await run_closed(target, concurrency, requests=requests, timeout=timeout), fake

    with event_loop() as runner:
        return runner.run(measure())


async def good(index: int) -> bytes:
    return OK


def test_connections_are_kept_and_requests_take_turns() -> None:
    async def slow(index: int) -> bytes:
        await asyncio.sleep(0.005)
        return OK

    report, fake = load(slow, concurrency=4)
    assert report.statuses == {"200": 20}
    assert {sample.bytes for sample in report.samples} == {2}
    assert (fake.connections, fake.peak) == (4, 4)
    assert sum(request.endswith(b"\r\n\r\nfirst") for request in fake.requests) == 10
    assert sum(request.endswith(b"\r\n\r\nsecond") for request in fake.requests) == 10


def test_a_request_is_what_http_asks_for() -> None:
    url = "http://example.org:81/models/a%20b/predict?confidence=0.5"
    sent = request_bytes(url, b"abc", method="PUT", headers={"X-API-Key": "k", "Content-Type": "image/png"})
    assert sent.split(b"\r\n") == [
        b"PUT /models/a%20b/predict?confidence=0.5 HTTP/1.1",
        b"Host: example.org:81",
        b"Content-Type: image/png",
        b"Content-Length: 3",
        b"Accept: */*",
        b"X-API-Key: k",
        b"",
        b"abc",
    ]
    assert request_bytes("http://h", b"").startswith(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-")


def test_a_header_cannot_smuggle_another() -> None:
    with pytest.raises(InvalidParameterError, match="line break"):
        request_bytes("http://h/", b"", headers={"X": "a\r\nY: b"})


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "http://", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidParameterError, match="no URL of a server"):
        HttpTarget(url, [b""])


def test_bad_answers_are_counted_by_status_and_say_why() -> None:
    async def busy(index: int) -> bytes:
        return OK if index % 4 else b"HTTP/1.1 429 Busy\r\nContent-Length: 9\r\n\r\nqueue full"[:-1]

    report, _ = load(busy)
    assert report.statuses == {"200": 15, "429": 5}
    assert {sample.error for sample in report.samples if not sample.ok} == {"queue ful"}


def test_a_reset_costs_one_request_and_one_connection() -> None:
    async def reset(index: int) -> bytes | None:
        return None if index == 6 else OK

    report, fake = load(reset, concurrency=1)
    assert report.statuses == {"200": 19, "reset": 1}
    assert fake.connections == 2


def test_an_answer_that_breaks_off_is_a_reset() -> None:
    async def short(index: int) -> bytes:
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc"

    report, _ = load(short, requests=3)
    assert report.statuses == {"reset": 3}
    assert report.samples[0].error == "closed before the answer was whole"


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    async def third_stalls(index: int) -> bytes:
        if index == 2:
            await asyncio.sleep(3)
            return OK.replace(b"200", b"404")
        await asyncio.sleep(0.05)
        return OK

    report, fake = load(third_stalls, concurrency=1, requests=8, timeout=1.5)
    assert report.statuses == {"200": 7, "timeout": 1}
    assert fake.connections == 2


def test_a_server_may_end_each_connection() -> None:
    async def close(index: int) -> bytes:
        return OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    report, fake = load(close, concurrency=3)
    assert report.statuses == {"200": 20}
    assert fake.connections >= 20


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", OK + b"and more"])
def test_what_is_no_answer_is_malformed(answer: bytes) -> None:
    async def lie(index: int) -> bytes:
        return answer

    report, _ = load(lie, requests=3)
    assert report.statuses == {"malformed": 3}


def test_a_connection_that_ended_meanwhile_is_replaced() -> None:
    async def measure() -> Report:
        async with fake_server(good) as fake:
            target = HttpTarget(fake.url, [request_bytes(fake.url, b"")])
            async with opened(target):
                await run_closed(target, 2, requests=4)
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()  # the server's ends of the kept connections
                await asyncio.sleep(0.05)
                return await run_closed(target, 2, requests=4)

    assert asyncio.run(measure()).statuses == {"200": 4}


async def _open(url: Callable[[str], str]) -> None:
    async with fake_server(good) as fake, opened(HttpTarget(url(fake.url), [b""], patience=0.2)):
        raise AssertionError


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(UnreachableError, match=r"^nothing answers at 127\.0\.0\.1, port 1\n"):
        asyncio.run(_open(lambda url: "http://127.0.0.1:1"))


def test_tls_where_none_is_spoken_is_said() -> None:
    with pytest.raises(UnreachableError, match=r"\n  got: silence for 0\.2 s\n"):
        asyncio.run(_open(lambda url: url.replace("http", "https")))
