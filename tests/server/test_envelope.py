"""The envelope: each request has an id, its route as a label, its time in the answer, and one status."""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import cast

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_core.server.envelope import Envelope, server_timing
from inference_core.server.exchange import Exchange
from inference_core.server.metrics import Metrics
from inference_core.server.traces import Traces
from inference_core.tasks import Timings

TIMINGS = Timings(decode=3.25, preprocess=1.5, infer=4.0, postprocess=0.125, queue=0.5)


class Told(Metrics):
    """Metrics that know one model and keep what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str, int, float]] = []
        self.state("tiny", "1", "ready")

    def http_request(self, method: str, route: str, status: int, seconds: float) -> None:
        super().http_request(method, route, status, seconds)
        self.requests.append((method, route, status, seconds))


class Recorded:
    """In place of traces."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


inner = APIRouter()


@inner.post("/{name}/predict")
async def predict(name: str, request: Request) -> Response:
    request.state.timings = TIMINGS
    await asyncio.sleep(0.02)
    return Response(request.state.request_id, 202)


@inner.get("/broken")
async def broken() -> Response:
    raise ZeroDivisionError("on purpose")


@inner.get("/health/live")
async def live() -> Response:
    return Response("live")


async def plain(request: Request) -> Response:
    return Response("plain")


def wrapped(app: FastAPI, told: Told, recorded: Recorded) -> FastAPI:
    app.add_middleware(Envelope, metrics=told, traces=cast(Traces, recorded))
    return app


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def client(told: Told, recorded: Recorded) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(inner)
    app.include_router(inner, prefix="/models")
    app.add_route("/plain", plain)
    with TestClient(wrapped(app, told, recorded), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("given", ["a", "0c1d.E-f_9", "x" * 128])
def test_a_sane_id_of_the_client_is_kept(client: TestClient, given: str) -> None:
    answer = client.post("/models/tiny/predict", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given == answer.text


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", 'a"b', "a\xe9", "${jndi}", "a\n"])
def test_another_id_is_replaced(client: TestClient, given: str) -> None:
    answer = client.post("/models/tiny/predict", headers={b"X-Request-Id": given.encode("latin-1")})
    assert answer.headers["x-request-id"] == answer.text
    assert len(answer.text) == 32
    int(answer.text, 16)


def test_each_request_has_an_id_of_its_own(client: TestClient) -> None:
    assert len({client.get("/plain").headers["x-request-id"] for _ in range(10)}) == 10


def test_the_answer_tells_how_long_each_stage_took(client: TestClient) -> None:
    value = client.post("/models/tiny/predict").headers["server-timing"]
    stages, _, total = value.rpartition(", ")
    assert stages == ("queue;dur=0.500, decode;dur=3.250, preprocess;dur=1.500, infer;dur=4.000, postprocess;dur=0.125")
    assert 20 <= float(total.removeprefix("total;dur=")) < 2000


def test_an_answer_without_stages_tells_the_whole(client: TestClient) -> None:
    assert client.get("/plain").headers["server-timing"].startswith("total;dur=")
    assert server_timing(None, 0.0123) == "total;dur=12.300"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/models/tiny/predict", ("POST", "/models/{name}/predict", 202)),
        ("POST", "/tiny/predict", ("POST", "/{name}/predict", 202)),
        ("POST", "/models/tiny/predict?key=secret", ("POST", "/models/{name}/predict", 202)),
        ("GET", "/models/tiny/predict", ("GET", "/models/{name}/predict", 405)),
        ("GET", "/plain", ("GET", "/plain", 200)),
        ("GET", "/openapi.json", ("GET", "/openapi.json", 200)),
        ("GET", "/nowhere/17", ("GET", "unmatched", 404)),
        ("BREW", "/nowhere/18", ("OTHER", "unmatched", 404)),
        ("GET", "/broken", ("GET", "/broken", 500)),
    ],
)
def test_a_request_is_told_by_its_template(
    client: TestClient, told: Told, method: str, path: str, expected: tuple[str, str, int]
) -> None:
    client.request(method, path)
    assert [request[:3] for request in told.requests] == [expected]


def test_the_time_is_that_of_the_whole_request(client: TestClient, told: Told, recorded: Recorded) -> None:
    client.post("/models/tiny/predict")
    exchange = recorded.exchanges[0]
    assert 0.02 <= exchange.answered <= exchange.seconds == told.requests[0][3] < 2


@pytest.mark.parametrize(("name", "model"), [("tiny", "tiny"), ("other", None)])
def test_only_a_known_model_is_named(client: TestClient, recorded: Recorded, name: str, model: str | None) -> None:
    client.post(f"/models/{name}/predict")
    assert (recorded.exchanges[0].model, recorded.exchanges[0].timings) == (model, TIMINGS)


def test_probes_are_counted_but_neither_logged_nor_traced(
    client: TestClient, told: Told, recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "satchel.access")
    client.get("/health/live")
    assert [request[:3] for request in told.requests] == [("GET", "/health/live", 200)]
    assert (recorded.exchanges, caplog.records) == ([], [])
    client.get("/plain")
    assert [record.name for record in caplog.records] == ["satchel.access"]
    assert len(recorded.exchanges) == 1


async def call(app: ASGIApp, messages: list[Message]) -> list[Message]:
    """What the application sends for a request whose client says these things, and then nothing more."""
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    metrics = Told()
    await Envelope(app, metrics)(scope, receive, send)
    sent.append({"told": metrics.requests})
    return sent


async def answer(send: Send, status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


def test_a_client_that_left_before_the_answer_is_told_as_499() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, 400)

    sent = asyncio.run(call(app, [{"type": "http.disconnect"}]))
    assert [request[:3] for request in sent[-1]["told"]] == [("POST", "unmatched", 499)]
    assert sent[0]["status"] == 400


def test_a_client_that_left_after_the_answer_began_has_its_status() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send)
        await receive()

    assert asyncio.run(call(app, [{"type": "http.disconnect"}]))[-1]["told"][0][2] == 200


def test_a_cancelled_request_is_told_too() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    metrics = Told()
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Envelope(app, metrics)(scope, _never, _nowhere))
    assert metrics.requests[0][2] == 500


def test_what_is_no_http_passes_untouched() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (receive, send) == (_never, _nowhere)
        seen.append(scope)

    scope: Scope = {"type": "lifespan"}
    asyncio.run(Envelope(app, Told())(scope, _never, _nowhere))
    assert seen == [scope] == [{"type": "lifespan"}]


async def _never() -> Message:
    raise AssertionError


async def _nowhere(message: Message) -> None:
    raise AssertionError


def test_it_costs_little(told: Told) -> None:
    """The best of several rounds, with room for a slow machine: what is measured is some 20 microseconds."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["timings"] = TIMINGS
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        pass

    async def seconds(call: ASGIApp) -> float:
        rounds = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(200):
                await call({"type": "http", "method": "POST", "path": "/", "headers": [], "state": {}}, _never, send)
            rounds.append((time.perf_counter() - began) / 200)
        return min(rounds)

    assert asyncio.run(seconds(Envelope(app, told))) - asyncio.run(seconds(bare)) < 0.2e-3
