"""What an endpoint counts, tells and keeps to itself."""

import logging
from typing import Any

import pytest

from inference_core.errors import EngineError
from inference_core.remote.connection import CallError, Connection, Failure
from inference_core.remote.endpoint import Endpoint
from tests.remote.endpoints import Clock, FakeConnection, Recorder, endpoint, failing


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one(recorder: Recorder, clock: Clock) -> Endpoint:
    return endpoint(FakeConnection(), clock, observer=recorder, secrets=["s3cret"])


def ask(one: Endpoint, failure: CallError | None = None, *, fair: bool = True) -> str:
    def function(connection: Connection, timeout: float) -> str:
        assert connection is one.speaker
        assert timeout == 3.0
        assert one.outstanding == 1
        if failure is not None:
            raise failure
        return "answer"

    turn = one.enter()
    assert turn is not None
    return one.ask(turn, function, 3.0, fair=fair)


def fail(one: Endpoint, kind: Failure, times: int = 1, *, fair: bool = True, said: str = "no luck") -> None:
    for _ in range(times):
        with pytest.raises(CallError):
            ask(one, failing(kind, said), fair=fair)


def test_an_answer_is_counted_and_told(one: Endpoint, recorder: Recorder) -> None:
    turn = one.enter()
    assert turn is not None
    assert recorder.states == {one.url: (True, 1)}
    assert one.ask(turn, lambda _connection, _timeout: 7, 1.0, fair=True) == 7
    assert recorder.states == {one.url: (True, 0)}
    assert recorder.outcomes == [(one.url, "ok")]
    assert one.answered_at > 0


def test_failures_are_told_by_their_kind_and_open_the_breaker(one: Endpoint, recorder: Recorder) -> None:
    fail(one, Failure.FAULT, 5)
    assert recorder.outcomes == [(one.url, "fault")] * 5
    assert recorder.states == {one.url: (False, 0)}
    assert not one.usable
    assert one.enter() is None
    assert one.outstanding == 0
    assert one.why_out() == "http://a:8000: no luck, left alone for 0.5 s more"


@pytest.mark.parametrize("kind", [Failure.BUSY, Failure.REFUSED, Failure.DENIED])
def test_an_endpoint_that_answers_no_is_well(one: Endpoint, kind: Failure) -> None:
    fail(one, Failure.FAULT, 4)
    fail(one, kind, 9)
    fail(one, Failure.FAULT, 4)
    assert one.healthy


def test_a_hurried_caller_is_not_held_against_it(one: Endpoint, clock: Clock) -> None:
    fail(one, Failure.TIMEOUT, 9, fair=False)
    fail(one, Failure.UNREACHABLE, 9, fair=False)
    assert one.healthy
    fail(one, Failure.TIMEOUT, 5)
    clock.sleep(0.5)
    fail(one, Failure.TIMEOUT, 1, fair=False)
    assert one.usable, "the trial said nothing, the next call is one"


def test_after_the_pause_it_is_usable_but_not_healthy(one: Endpoint, clock: Clock) -> None:
    fail(one, Failure.UNREACHABLE, 2, said="connection refused")
    clock.sleep(0.5)
    assert one.usable
    assert not one.healthy
    assert one.why_out() == "http://a:8000: connection refused, being tried again"


def test_a_defect_is_no_outcome_and_frees_its_place(one: Endpoint, recorder: Recorder, clock: Clock) -> None:
    fail(one, Failure.UNREACHABLE, 2)
    clock.sleep(0.5)
    turn = one.enter()
    assert turn is not None
    with pytest.raises(ZeroDivisionError):
        one.ask(turn, lambda _connection, timeout: timeout / 0, 1.0, fair=True)
    assert one.outstanding == 0
    assert one.usable
    assert len(recorder.outcomes) == 2


def test_secrets_that_an_endpoint_repeats_are_not_passed_on(one: Endpoint, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CallError) as caught:
        ask(one, failing(Failure.UNTRUSTED, "no such token: s3cret"))
    assert caught.value.said == str(caught.value) == "no such token: ***"
    one.set_out("it said s3cret")
    assert one.why_out() == "http://a:8000: it said ***"
    assert "s3cret" not in caplog.text


def test_the_watchers_word_is_kept_told_and_logged_once(
    one: Endpoint, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "satchel")
    wrong = EngineError("it is another model")
    one.set_out("it is another model", wrong)
    one.set_out("it is another model", wrong)
    assert (one.ready, one.usable, one.mismatch) == (False, False, wrong)
    assert recorder.states == {one.url: (False, 0)}
    speaker: Any = object()
    one.set_ready(speaker, reborn=True)
    one.set_ready(speaker, reborn=False)
    assert (one.ready, one.healthy, one.mismatch, one.speaker) == (True, True, None, speaker)
    assert recorder.states == {one.url: (True, 0)}
    assert [record.getMessage() for record in caplog.records] == [
        "http://a:8000 cannot be asked for tiny: it is another model",
        "http://a:8000 can be asked for tiny",
    ]


def test_closing_closes_the_connection(one: Endpoint) -> None:
    one.close()
    assert isinstance(one.connection, FakeConnection)
    assert one.connection.closed
