"""Log lines: one shape for machines and one for people, and nothing in them that a caller could forge."""

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from inference_core.server.exchange import UNMATCHED, Exchange
from inference_core.server.logs import configure_logging, current_request, log_exchange
from inference_core.tasks import Timings
from tests.test_imports import python

EXCHANGE = Exchange(
    request_id="abc-1",
    method="POST",
    route="/models/{name}/predict",
    path="/models/tiny/predict",
    model="tiny",
    status=200,
    seconds=0.0123456,
    answered=0.012,
    timings=Timings(decode=3.25, preprocess=1.5, infer=4.0, postprocess=0.125, queue=0.5),
    headers=[(b"x-api-key", b"secret"), (b"authorization", b"Bearer secret")],
)
LOGGERS = ("", "satchel", "satchel.access", "uvicorn", "uvicorn.error")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Puts the loggers back."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def lines(format: str, *, access: bool | None = None) -> io.StringIO:
    """Configures logging, and gives what is written from then on."""
    configure_logging(format, access=access)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    return written


def test_a_request_is_one_json_object() -> None:
    written = lines("json")
    log_exchange(EXCHANGE)
    assert written.getvalue().count("\n") == 1
    line = json.loads(written.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line.pop("time"))
    assert line == {
        "level": "info",
        "logger": "satchel.access",
        "message": "POST /models/{name}/predict 200 in 12.346 ms",
        "request_id": "abc-1",
        "route": "/models/{name}/predict",
        "model": "tiny",
        "status": 200,
        "duration_ms": 12.346,
        "timings_ms": {"decode": 3.25, "preprocess": 1.5, "infer": 4.0, "postprocess": 0.125, "queue": 0.5},
    }
    assert "secret" not in written.getvalue()


def test_what_is_not_known_is_left_out() -> None:
    written = lines("json")
    log_exchange(EXCHANGE._replace(model=None, timings=None))
    assert not {"model", "timings_ms", "exception"} & set(json.loads(written.getvalue()))


@pytest.mark.parametrize(
    ("format", "access", "status", "count"),
    [
        ("json", None, 200, 1),
        ("json", False, 200, 0),
        ("text", None, 200, 0),
        ("text", None, 429, 0),
        ("text", None, 503, 1),
        ("text", True, 200, 1),
    ],
)
def test_which_requests_have_a_line(format: str, access: bool | None, status: int, count: int) -> None:
    written = lines(format, access=access)
    log_exchange(EXCHANGE._replace(status=status))
    assert written.getvalue().count("\n") == count


def test_the_line_for_people() -> None:
    written = lines("text", access=True)
    log_exchange(EXCHANGE)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    satchel\.access: "
        r"POST /models/\{name\}/predict 200 in 12\.346 ms \[abc-1\]\n",
        written.getvalue(),
    )


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_path_that_no_route_takes_cannot_forge_a_line(format: str) -> None:
    written = lines(format, access=True)
    log_exchange(EXCHANGE._replace(route=UNMATCHED, model=None, path='/a\nERROR "b" \ud800' + "x" * 500))
    assert written.getvalue().count("\n") == 1
    assert "POST /a%0AERROR%20%22b%22%20" in written.getvalue()
    assert len(written.getvalue()) < 600


def test_other_lines_of_a_request_carry_its_id() -> None:
    written = lines("json")
    token = current_request.set("abc-2")
    logging.getLogger("satchel").info("loaded %s", "tiny")
    current_request.reset(token)
    logging.getLogger("satchel").info("done")
    first, second = map(json.loads, written.getvalue().splitlines())
    assert (first["message"], first["request_id"]) == ("loaded tiny", "abc-2")
    assert "request_id" not in second


def _fail() -> None:
    try:
        raise ZeroDivisionError("on \ud800 purpose\n")
    except ZeroDivisionError:
        logging.getLogger("satchel").exception("it \udcff failed")


def test_a_traceback_is_one_field() -> None:
    written = lines("json")
    _fail()
    assert written.getvalue().count("\n") == 1
    line = json.loads(written.getvalue())
    assert (line["level"], line["message"]) == ("error", "it \\udcff failed")
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert "ZeroDivisionError: on \\ud800 purpose" in line["exception"]


def test_people_read_the_traceback_below() -> None:
    written = lines("text")
    _fail()
    assert "ERROR   satchel: it \udcff failed\nTraceback (most recent call last):\n" in written.getvalue()


def test_uvicorn_speaks_in_the_same_form() -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler())
    written = lines("json")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert json.loads(written.getvalue())["logger"] == "uvicorn.error"
    assert written.getvalue().count("\n") == 1
    assert logging.getLogger("uvicorn").handlers == []


def test_libraries_are_heard_from_warnings_on() -> None:
    written = lines("text")
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("trouble")
    assert written.getvalue().endswith("WARNING some.library: trouble\n")
    assert "chatter" not in written.getvalue()


def test_a_second_call_replaces_the_first() -> None:
    lines("text")
    written = lines("json")
    logging.getLogger("satchel").warning("once")
    assert json.loads(written.getvalue())["message"] == "once"


def test_nothing_is_configured_at_import() -> None:
    code = "import logging, inference_core.server.logs; print(logging.getLogger().handlers)"
    assert python(code).stdout == "[]\n"
