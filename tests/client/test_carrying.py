"""There and back: retries, deadlines and broken connections, with both clients."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from inference_core.client import AsyncClient, Client
from inference_core.errors import (
    BusyError,
    DeadlineError,
    InvalidParameterError,
    NotReadyError,
    SatchelError,
    UnreachableError,
)
from tests.bench.load.fake import FakeServer, Script, fake_server

Outcome = tuple[Any, FakeServer]
Ask = Callable[..., Outcome]


def answer(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def busy(*headers: str, error: SatchelError | None = None) -> bytes:
    error = error or BusyError("the queue is full")
    code, message = error.code, error.message
    return answer(error.status, f'{{"error": {{"code": "{code}", "message": "{message}"}}}}'.encode(), *headers)


OK = answer(200, b'{"satchel": "1"}')


@pytest.fixture(params=["blocking", "asynchronous"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Calls `method` of a client of a server with this script; gives the outcome, and what the server saw."""

    def run(script: Script, method: str = "version", *arguments: object, **options: Any) -> Outcome:
        async def measure() -> Outcome:
            async with fake_server(script) as fake:
                try:
                    if request.param == "blocking":
                        return await asyncio.to_thread(wait, fake.url), fake
                    async with AsyncClient(fake.url + "/base", **options) as client:
                        return await getattr(client, method)(*arguments), fake
                except SatchelError as error:
                    return error, fake

        def wait(url: str) -> Any:
            with Client(url + "/base", **options) as client:
                return getattr(client, method)(*arguments)

        return asyncio.run(measure())

    return run


def scripted(*answers: bytes | None) -> Script:
    async def script(index: int) -> bytes | None:
        return answers[index]

    return script


def test_a_request_carries_key_deadline_and_picture(ask: Ask) -> None:
    _, fake = ask(scripted(busy()), "predict", "a/b ü", b"picture", key="k", timeout=1.5)
    [request] = fake.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert head.split(b"\r\n")[0] == b"POST /base/models/a%2Fb%20%C3%BC/predict HTTP/1.1"
    assert {b"x-api-key: k", b"x-timeout-ms: 1500", b"content-type: application/octet-stream"} <= set(lines)
    assert body == b"picture"


def test_what_is_busy_is_not_asked_again_unless_wanted(ask: Ask) -> None:
    outcome, fake = ask(scripted(busy("Retry-After: 0"), OK))
    assert isinstance(outcome, BusyError)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("error", [BusyError("full"), NotReadyError("starting")])
def test_what_is_busy_is_asked_again_as_often_as_wanted(ask: Ask, error: SatchelError) -> None:
    again = busy("Retry-After: 0", error=error)
    outcome, fake = ask(scripted(again, again, OK), retries=2)
    assert (outcome, len(fake.requests)) == ({"satchel": "1"}, 3)
    outcome, fake = ask(scripted(again, again, OK), retries=1)
    assert (type(outcome), len(fake.requests)) == (type(error), 2)


def test_a_retry_waits_as_long_as_the_server_says(ask: Ask) -> None:
    times = []

    async def script(index: int) -> bytes:
        times.append(asyncio.get_running_loop().time())
        return OK if index else busy("Retry-After: 1")

    assert ask(script, retries=1)[0] == {"satchel": "1"}
    assert times[1] - times[0] >= 1.0


@pytest.mark.parametrize(
    "reply",
    [
        busy(),
        busy("Retry-After: 3600"),  # longer than the caller waits
        busy("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"),
        busy("Retry-After: 0", error=DeadlineError("too late")),
    ],
)
def test_other_answers_stand(ask: Ask, reply: bytes) -> None:
    outcome, fake = ask(scripted(reply, OK), retries=3)
    assert isinstance(outcome, BusyError | DeadlineError)
    assert len(fake.requests) == 1


def test_readiness_is_yes_or_no(ask: Ask) -> None:
    assert ask(scripted(answer(200, b"{}")), "ready")[0] is True
    assert ask(scripted(busy(error=NotReadyError("starting"))), "ready")[0] is False
    assert isinstance(ask(scripted(answer(404, b"nginx")), "ready")[0], UnreachableError)


def test_a_server_that_is_silent_is_given_up(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.client.carrying._GRACE", 0.0)

    async def silent(index: int) -> bytes:
        await asyncio.sleep(2)
        return OK

    outcome, _ = ask(silent, timeout=0.2)
    assert isinstance(outcome, DeadlineError)
    assert outcome.got == "ReadTimeout"


@pytest.mark.parametrize("reply", [None, b"garbage\r\n\r\n"])
def test_a_connection_that_breaks_is_said(ask: Ask, reply: bytes | None) -> None:
    outcome, _ = ask(scripted(reply))
    assert isinstance(outcome, UnreachableError)
    assert str(outcome).startswith("there is no connection to http://127.0.0.1:")


def test_nobody_there_is_said() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(UnreachableError, match="start the server"):
        client.ready()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "http://", "http://h:port", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(InvalidParameterError, match="no URL of a server"):
            kind(url)
