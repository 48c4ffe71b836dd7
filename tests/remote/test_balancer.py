"""Which endpoint is asked, for how long, how often, and what is said where none answers."""

import threading
import time
from typing import Any

import pytest

from inference_core.errors import DeadlineError, RemoteFailedError, RemoteUnavailableError, SatchelError
from inference_core.remote.balancer import Balancer
from inference_core.remote.connection import CallError, Connection, Failure
from tests.remote.endpoints import Clock, FakeConnection, Recorder, endpoint, failing, pictures, plan


class Service:
    """Some endpoints on one clock, and what the balancer slept."""

    def __init__(self, count: int = 2, **changes: Any) -> None:
        self.clock = Clock()
        self.recorder = Recorder()
        urls = [f"http://{name}:8000" for name in "abcde"[:count]]
        self.connections = [FakeConnection(url, self.clock) for url in urls]
        self.endpoints = [endpoint(each, self.clock, observer=self.recorder) for each in self.connections]
        self.slept: list[float] = []
        self.balancer = Balancer(
            plan(**changes),
            "tiny",
            self.endpoints,
            clock=self.clock,
            sleep=self._sleep,
            chance=lambda: 1.0,
        )

    def _sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        self.clock.sleep(seconds)

    def call(self, seconds: float | None = None) -> float:
        """One call with so much time; gives the logit of red."""
        deadline = None if seconds is None else self.clock.now + seconds
        outputs = self.balancer.call(lambda connection, timeout: connection.infer(pictures(), timeout), deadline)
        return float(outputs["logits"].ravel()[0])

    def refuse(self, seconds: float | None = None) -> SatchelError:
        """The error of a call."""
        with pytest.raises(SatchelError) as caught:
            self.call(seconds)
        return caught.value

    def failing(self, *kinds: Failure, **facts: Any) -> None:
        """What every call of each endpoint fails with from now on."""
        for connection, kind in zip(self.connections, kinds, strict=True):
            connection.fails = failing(kind, **facts)

    @property
    def calls(self) -> list[int]:
        """Of each endpoint."""
        return [connection.calls for connection in self.connections]


def test_idle_endpoints_take_turns() -> None:
    service = Service(3)
    assert [service.call() for _ in range(9)] == [10.0] * 9
    assert service.calls == [3, 3, 3]
    assert service.recorder.outcomes == [(f"http://{name}:8000", "ok") for name in "abc" * 3]


def test_the_one_with_the_fewest_calls_under_way_is_asked() -> None:
    service = Service(3)
    held = [service.endpoints[place].enter() for place in (0, 0, 1, 2, 2)]
    assert None not in held
    service.call()
    assert service.calls == [0, 1, 0]
    service.endpoints[1].enter()
    service.endpoints[1].enter()
    service.call()
    service.call()
    assert sum(service.calls) == 3
    assert service.calls[1] == 1, "three are under way there, two elsewhere"


def test_calls_side_by_side_spread_out() -> None:
    service = Service(3)
    inside, go_on = threading.Barrier(7), threading.Event()
    most: dict[Connection, int] = {}
    lock = threading.Lock()

    def hold(connection: Connection, _timeout: float) -> None:
        with lock:
            most[connection] = most.get(connection, 0) + 1
        inside.wait(5)
        go_on.wait(5)

    threads = [threading.Thread(target=service.balancer.call, args=(hold, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    inside.wait(5)
    assert list(most.values()) == [2, 2, 2]
    assert [each.outstanding for each in service.endpoints] == [2, 2, 2]
    go_on.set()
    for thread in threads:
        thread.join()
    assert [each.outstanding for each in service.endpoints] == [0, 0, 0]


@pytest.mark.parametrize("kind", [Failure.UNREACHABLE, Failure.BROKEN, Failure.BUSY, Failure.NOT_READY])
def test_what_fails_in_passing_is_asked_of_another_at_once(kind: Failure) -> None:
    service = Service()
    service.connections[0].fails = failing(kind)
    assert service.call() == 10.0
    assert service.calls == [1, 1]
    assert service.slept == []


@pytest.mark.parametrize("kind", [Failure.REFUSED, Failure.DENIED, Failure.FAULT, Failure.GARBAGE])
def test_what_fails_for_good_is_not_asked_again(kind: Failure) -> None:
    service = Service()
    service.failing(kind, kind, said="no luck")
    error = service.refuse()
    assert type(error) is RemoteFailedError
    assert error.status == 502
    assert error.message.startswith("http://a:8000 ")
    assert error.got == "no luck"
    assert service.calls == [1, 0]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Failure.BUSY, "http://a:8000 is busy"),
        (Failure.NOT_READY, "http://a:8000 is not ready"),
        (Failure.BROKEN, "http://a:8000 broke off before its answer was whole"),
    ],
)
def test_retries_are_bounded_and_back_off(kind: Failure, message: str) -> None:
    service = Service(1, retries=3)
    service.failing(kind, said="not now")
    error = service.refuse()
    assert type(error) is RemoteUnavailableError
    assert (error.message, error.got, error.status, error.retry_after) == (message, "not now", 503, 1)
    assert service.calls == [4]
    assert service.slept == pytest.approx([0.05, 0.1, 0.2])


def test_chance_shortens_the_pauses_down_to_nothing() -> None:
    service = Service(1)
    service.balancer = Balancer(
        plan(), "tiny", service.endpoints, clock=service.clock, sleep=service._sleep, chance=lambda: 0.5
    )
    service.failing(Failure.BUSY)
    service.refuse()
    assert service.slept == pytest.approx([0.025, 0.05])


def test_no_retries_where_none_are_wanted() -> None:
    service = Service(retries=0)
    service.failing(Failure.BUSY, Failure.BUSY)
    service.refuse()
    assert service.calls == [1, 0]


def test_an_untrusted_endpoint_is_not_asked_again() -> None:
    service = Service(1)
    service.failing(Failure.UNTRUSTED, said="certificate verify failed: self-signed certificate")
    error = service.refuse()
    assert type(error) is RemoteUnavailableError
    assert error.message == "http://a:8000 has a certificate that does not hold"
    assert error.got == "certificate verify failed: self-signed certificate"
    assert service.calls == [1]
    assert not service.endpoints[0].usable


def test_retry_after_is_waited_for_where_it_fits() -> None:
    service = Service(1)
    service.connections[0].script = [failing(Failure.BUSY, retry_after=1.5)]
    assert service.call(2.0) == 10.0
    assert service.slept == [1.5]


@pytest.mark.parametrize(("retry_after", "seconds"), [(1.5, 1.0), (3.0, 30.0)])
def test_retry_after_that_does_not_fit_ends_the_call(retry_after: float, seconds: float) -> None:
    service = Service(1)
    service.failing(Failure.BUSY, retry_after=retry_after)
    assert type(service.refuse(seconds)) is RemoteUnavailableError
    assert service.calls == [1]
    assert service.slept == []


def test_another_endpoint_is_asked_in_spite_of_retry_after() -> None:
    service = Service()
    service.connections[0].script = [failing(Failure.BUSY, retry_after=60)]
    assert service.call() == 10.0
    assert service.slept == []


def test_a_try_has_the_plans_time_or_what_is_left() -> None:
    service = Service(1, read=4.0)
    service.call()
    service.call(30.0)
    service.call(1.0)
    assert service.connections[0].timeouts == [4.0, 4.0, 1.0]


def test_one_that_hangs_leaves_half_of_the_time_to_the_other() -> None:
    service = Service()
    for connection in service.connections:
        connection.takes = 0.05
    service.call()
    service.call()
    service.connections[0].fails = failing(Failure.TIMEOUT, "no answer within 2 s")
    began = service.clock.now
    assert service.call(4.0) == 10.0
    assert [connection.timeouts[-1] for connection in service.connections] == [2.0, 2.0]
    assert service.clock.now - began == pytest.approx(2.05)


def test_time_is_kept_only_for_tries_that_may_be_made() -> None:
    service = Service(retries=0)
    service.call()
    service.call()
    service.call(4.0)
    assert service.connections[0].timeouts == [10.0, 4.0]


def test_where_all_hang_the_deadline_holds() -> None:
    service = Service(3)
    service.call()
    service.failing(*[Failure.TIMEOUT] * 3, said="no answer")
    began = service.clock.now
    error = service.refuse(4.0)
    assert type(error) is DeadlineError
    assert error.status == 504
    assert error.message == "http://a:8000 did not answer in time"
    assert (error.got, error.expected) == ("no answer", "an answer within 1 s")
    assert service.clock.now - began == pytest.approx(4.0)
    assert [connection.timeouts[-1] for connection in service.connections] == [1.0, 2.0, 1.0]


def test_one_that_hangs_alone_is_not_asked_twice() -> None:
    service = Service(1)
    service.failing(Failure.TIMEOUT)
    assert type(service.refuse()) is DeadlineError
    assert service.connections[0].timeouts == [10.0]


def test_a_deadline_that_has_passed_asks_nobody() -> None:
    service = Service()
    error = service.refuse(0.0)
    assert type(error) is DeadlineError
    assert error.message == "the deadline passed before the remote service was asked"
    assert service.calls == [0, 0]


def test_no_try_begins_after_the_deadline() -> None:
    service = Service(1, retries=10)
    service.connections[0].takes = 0.3
    service.failing(Failure.BUSY)
    assert type(service.refuse(1.0)) is RemoteUnavailableError
    assert service.calls == [3], "they end after 0.3, 0.65 and 1.05"


def test_an_open_breaker_keeps_calls_away_until_its_pause_is_over() -> None:
    service = Service()
    service.connections[0].fails = failing(Failure.UNREACHABLE, "connection refused")
    for _ in range(10):
        assert service.call() == 10.0
    assert service.calls == [2, 10]
    service.connections[0].fails = None
    service.clock.sleep(0.5)
    service.call()
    assert service.calls == [2, 11], "a trial is for the watcher while another endpoint is well"
    service.connections[1].fails = failing(Failure.UNREACHABLE)
    assert service.call() == 10.0
    assert service.calls == [3, 12]
    assert service.endpoints[0].healthy


def test_where_none_is_usable_each_is_named_with_its_reason() -> None:
    service = Service()
    service.endpoints[0].set_out("connection refused")
    service.connections[1].fails = failing(Failure.UNTRUSTED, "certificate verify failed")
    service.refuse()
    error = service.refuse()
    assert type(error) is RemoteUnavailableError
    assert error.message == "no endpoint can be asked for tiny now"
    assert (
        error.got
        == "http://a:8000: connection refused; http://b:8000: certificate verify failed, left alone for 0.5 s more"
    )
    assert error.retry_after == 1
    assert service.calls == [0, 1]
    with pytest.raises(RemoteUnavailableError, match="no endpoint can be asked for tiny now"):
        service.balancer.check_ready()


def test_ready_is_where_one_is_known_to_be_well() -> None:
    service = Service()
    service.endpoints[0].set_out("connection refused")
    service.balancer.check_ready()
    service.connections[1].fails = failing(Failure.UNTRUSTED)
    service.refuse()
    service.clock.sleep(0.5)
    assert service.endpoints[1].usable
    with pytest.raises(RemoteUnavailableError, match="being tried again"):
        service.balancer.check_ready()


def test_where_everything_fails_retries_end_with_their_budget() -> None:
    service = Service(1)
    service.failing(Failure.BUSY)
    for _ in range(100):
        service.refuse()
    assert 120 <= service.calls[0] <= 130, "a fifth more than calls, and the ten to begin with"


def test_callers_in_a_hurry_close_the_way_for_nobody() -> None:
    service = Service(1)
    service.connections[0].takes = 0.05
    service.call()
    service.failing(Failure.TIMEOUT)
    for _ in range(20):
        assert type(service.refuse(0.02)) is DeadlineError
    assert service.endpoints[0].healthy
    for _ in range(5):
        service.refuse(0.5)
    assert not service.endpoints[0].healthy


def test_a_defect_is_passed_on_as_it_is() -> None:
    service = Service()

    def defect(_connection: Connection, timeout: float) -> float:
        return timeout / 0

    with pytest.raises(ZeroDivisionError):
        service.balancer.call(defect, None)
    assert [each.outstanding for each in service.endpoints] == [0, 0]


def test_the_cause_is_kept() -> None:
    service = Service(1)
    service.failing(Failure.FAULT, said="out of memory")
    cause = service.refuse().__cause__
    assert isinstance(cause, CallError)
    assert cause.said == "out of memory"


def test_the_deadline_is_of_the_monotonic_clock_unless_told_otherwise() -> None:
    connection = FakeConnection()
    balancer = Balancer(plan(), "tiny", [endpoint(connection)])
    balancer.call(lambda each, timeout: each.infer(pictures(), timeout), time.monotonic() + 5)
    assert 4.9 < connection.timeouts[0] <= 5.0
    balancer.close()
    assert connection.closed
