"""Answers: every failure has the one shape, whoever raised it, and none takes the server down."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from inference_core.errors import BusyError, NotFoundError, NotReadyError
from inference_core.pipeline import LocalPredictor
from inference_core.server.answers import DefectGuard, error_answer, install_error_handlers
from tests.pictures import plain
from tests.server.doors import PREDICT, open_door

RED = plain((255, 0, 0))


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "message", "allow"),
    [
        ("GET", "/nowhere", 404, "not_found", "Not Found", None),
        ("POST", "/models/a%2Fb/c/predict", 404, "not_found", "Not Found", None),
        ("GET", "/health", 404, "not_found", "Not Found", None),
        ("POST", "/models", 405, "method_not_allowed", "Method Not Allowed", "GET"),
        ("GET", PREDICT, 405, "method_not_allowed", "Method Not Allowed", "POST"),
        ("OPTIONS", PREDICT, 405, "method_not_allowed", "Method Not Allowed", "POST"),
        ("DELETE", "/models/tiny_classifier", 405, "method_not_allowed", "Method Not Allowed", "GET"),
    ],
)
def test_the_frameworks_errors_have_our_shape(
    door: TestClient, method: str, path: str, status: int, code: str, message: str, allow: str | None
) -> None:
    answer = door.request(method, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    assert answer.headers["content-type"] == "application/json"
    error = {"code": code, "message": message, "got": f"{method} {path.replace('%2F', '/')}"}
    assert answer.json() == {"error": {**error, "expected": None, "remedy": "see /docs for the routes"}}


def test_head_is_refused_without_a_body(door: TestClient) -> None:
    answer = door.head("/health/live")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("name", ["nope", "n" * 5000, "tiny_classifier%2e", "%F0%9F%90%BB", "%FF%00"])
def test_an_unknown_model_is_404_and_names_the_known_ones(door: TestClient, name: str) -> None:
    for method, path in (("GET", ""), ("GET", "/labels"), ("GET", "/config"), ("POST", "/predict")):
        answer = door.request(method, f"/models/{name}{path}")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (404, "not_found")
        assert error["expected"] == "one of tiny_classifier, tiny_detector"
        assert error["remedy"] == "ask GET /models for the list"


def test_a_framework_parameter_error_names_place_value_and_need() -> None:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/add")
    def add(number: int) -> int:
        raise AssertionError(number)

    answer = TestClient(app).get("/add?number=x")
    assert (answer.status_code, answer.json()) == (
        422,
        {
            "error": {
                "code": "invalid_parameter",
                "message": "parameter query.number cannot be used",
                "got": "'x'",
                "expected": "Input should be a valid integer, unable to parse string as an integer",
                "remedy": None,
            }
        },
    )


@pytest.mark.parametrize(
    ("error", "after"), [(BusyError("full"), "1"), (NotReadyError("soon"), "1"), (NotFoundError("none"), None)]
)
def test_errors_that_pass_say_when_to_come_again(error: BusyError, after: str | None) -> None:
    answer = error_answer(error, {"path": "/models"})
    assert (answer.status_code, answer.headers.get("retry-after")) == (error.status, after)


def test_a_defect_is_500_and_logged_and_the_server_goes_on(
    door: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def predict(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "satchel"):
        patch.setattr(LocalPredictor, "predict", predict)
        answers = [door.post(PREDICT, content=RED) for _ in range(80)]  # more than the queue holds
    assert {answer.status_code for answer in answers} == {500}
    assert answers[0].json() == {
        "error": {
            "code": "internal_error",
            "message": "an unexpected error occurred",
            "got": None,
            "expected": None,
            "remedy": "see the server's log",
        }
    }
    defects = [record.getMessage() for record in caplog.records if record.name == "satchel"]
    assert defects == [f"POST {PREDICT} failed"] * 80
    assert "ZeroDivisionError: secret detail" in caplog.text
    assert door.post(PREDICT, content=RED).status_code == 200


def guarded(kind: str, *before: Message) -> tuple[list[Message], BaseException | None]:
    """What leaves the guard when the application sends `before` and then fails."""
    sent: list[Message] = []

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        for message in before:
            await send(message)
        raise LookupError("broken")

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        asyncio.run(DefectGuard(fail)({"type": kind, "path": "/"}, receive, send))
    except LookupError as error:
        return sent, error
    return sent, None


def test_a_defect_after_the_answer_began_is_raised_again() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    assert str(guarded("http", start)[1]) == "broken"
    assert guarded("http", start)[0] == [start]
    answer, error = guarded("http")
    assert (answer[0]["status"], error) == (500, None)


def test_a_failed_start_is_left_to_the_server(caplog: pytest.LogCaptureFixture) -> None:
    sent, error = guarded("lifespan")
    assert (sent, str(error), caplog.records) == ([], "broken", [])
