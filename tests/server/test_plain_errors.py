"""Errors below /v1 and /v2 are one sentence, whoever finds them; elsewhere they have the one shape."""

import logging

import pytest
from fastapi import FastAPI, Response
from starlette.testclient import TestClient

from inference_core.errors import BadRequestError, BusyError, EngineError, SatchelError
from inference_core.server.answers import install_error_handlers
from inference_core.server.plain_errors import ANY_PLAIN_ERROR, plain_errors


def door(error: Exception) -> TestClient:
    app = FastAPI()

    @app.get("/v1/fail")
    @app.get("/v10/fail")
    async def fail(number: int = 0) -> Response:
        raise error

    install_error_handlers(app)
    return TestClient(app)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (BadRequestError("it is wrong"), 400, "it is wrong"),
        (BusyError("full", got="3", expected="2", remedy="wait"), 429, "full\n  got: 3\n  expected: 2\n  remedy: wait"),
    ],
)
def test_an_error_is_one_text_with_its_status(error: SatchelError, status: int, text: str) -> None:
    answer = door(error).get("/v1/fail")
    assert (answer.status_code, answer.json()) == (status, {"error": text})
    assert answer.headers.get("retry-after") == ("1" if status == 429 else None)
    assert door(error).get("/v10/fail").json() == error.body()


def test_what_the_framework_finds_and_what_nobody_foresaw_have_that_shape_too() -> None:
    client = door(ZeroDivisionError())
    answers = [
        client.get("/v2/nowhere"),
        client.post("/v1/fail"),
        client.get("/v1/fail?number=x"),
        client.get("/v1/fail"),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 422, 500]
    assert all(isinstance(answer.json()["error"], str) for answer in answers)
    assert isinstance(client.get("/nowhere").json()["error"], dict)


def test_what_the_server_did_wrong_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "satchel"):
        assert door(EngineError("broken")).get("/v1/fail").status_code == 500
        assert [record.getMessage() for record in caplog.records] == ["GET /v1/fail failed"]
        assert door(BadRequestError("wrong")).get("/v1/fail").status_code == 400
        assert len(caplog.records) == 1


def test_the_document_has_the_same_shape_for_each() -> None:
    described = plain_errors({404: "no such model"})
    assert described[404]["description"] == "no such model"
    assert described[404]["content"] == ANY_PLAIN_ERROR["default"]["content"]
