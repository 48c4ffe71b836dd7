"""Who finds out that an endpoint is ready, gone, or another one than it was."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from inference_core.errors import EngineError
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.names import Interpreter
from inference_core.remote.watcher import Watcher
from tests.remote.endpoints import AGREEING, ARTIFACT, FakeConnection, endpoint, failing, plan, wait_until

PERIOD = 0.01
GONE = failing(Failure.UNREACHABLE, "connection refused")
OTHER = replace(AGREEING, inputs=(RemoteTensor("images", "float32", (-1, 3, 640, 640)),))
BY_PLACE = RemoteModel(
    (RemoteTensor("INPUT__0", "float32", (-1, 3, 8, 8)),), (RemoteTensor("OUTPUT__0", "float32", (-1, 3)),)
)

Watch = Callable[..., Watcher]


@pytest.fixture
def one() -> FakeConnection:
    return FakeConnection("http://a:8000")


@pytest.fixture
def two() -> FakeConnection:
    return FakeConnection("http://b:8000")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Makes watchers that are quick, and closes them."""
    watchers: list[Watcher] = []

    def make(*endpoints: Endpoint, period: float = PERIOD) -> Watcher:
        watchers.append(Watcher(plan(), ARTIFACT, endpoints, period=period))
        return watchers[-1]

    yield make
    for watcher in watchers:
        watcher.close()


def break_it(where: Endpoint) -> None:
    """Opens the breaker."""

    def fail(_connection: object, _timeout: float) -> None:
        raise failing(Failure.UNTRUSTED)

    turn = where.enter()
    assert turn is not None
    with pytest.raises(CallError):
        where.ask(turn, fail, 1.0, fair=True)
    assert not where.healthy


def test_all_are_probed_and_checked_before_the_start_is_over(
    one: FakeConnection, two: FakeConnection, watch: Watch
) -> None:
    endpoints = endpoint(one), endpoint(two)
    two.probe = GONE
    watch(*endpoints, period=60).start()
    assert [each.ready for each in endpoints] == [True, False]
    assert endpoints[1].why_out() == "http://b:8000: connection refused"
    assert (one.descriptions, two.descriptions) == (1, 0)


def test_the_start_probes_them_side_by_side(watch: Watch) -> None:
    together = threading.Barrier(8)

    class Slow(FakeConnection):
        def is_ready(self, timeout: float) -> bool:
            together.wait(5)
            return True

    endpoints = [endpoint(Slow(f"http://{name}:8000")) for name in "abcdefgh"]
    watch(*endpoints, period=60).start()
    assert all(each.ready for each in endpoints)


def test_a_second_start_does_nothing(one: FakeConnection, watch: Watch) -> None:
    watcher = watch(endpoint(one), period=60)
    watcher.start()
    watcher.start()
    assert one.probes == 1


def test_one_that_is_down_at_the_start_is_healed_when_it_comes(
    one: FakeConnection, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "satchel")
    one.probe = GONE
    where = endpoint(one)
    watch(where).start()
    wait_until(lambda: one.probes > 3)
    assert not where.usable
    one.probe = True
    wait_until(lambda: where.usable)
    assert one.descriptions == 1
    assert [record.getMessage() for record in caplog.records] == [
        "http://a:8000 cannot be asked for tiny: connection refused",
        "http://a:8000 can be asked for tiny",
    ]


def test_one_that_says_it_is_not_ready_is_out_at_once(one: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where).start()
    one.probe = False
    wait_until(lambda: not where.ready)
    assert where.why_out() == "http://a:8000: model tiny is not ready there"
    one.probe = True
    wait_until(lambda: where.ready)


def test_a_well_one_has_a_second_chance_to_answer_a_probe(watch: Watch) -> None:
    states: list[tuple[int, bool]] = []

    class Once(FakeConnection):
        def is_ready(self, timeout: float) -> bool:
            self.probes += 1
            states.append((self.probes, where.ready))
            if self.probes in (2, 4, 5):
                raise failing(Failure.TIMEOUT, "no answer within 0.2 s")
            return True

    once = Once()
    where = endpoint(once)
    watch(where).start()
    wait_until(lambda: once.probes >= 6)
    assert states[:6] == [(1, True), (2, True), (3, True), (4, True), (5, True), (6, False)], (
        "two in a row are too many"
    )
    wait_until(lambda: where.ready)


def test_while_calls_are_answered_probes_that_fail_say_nothing(one: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where).start()
    where.answered_at = time.monotonic() + 60
    one.probe = failing(Failure.TIMEOUT)
    probes = one.probes
    wait_until(lambda: one.probes > probes + 3)
    assert where.ready


def test_well_ones_are_probed_less_often(one: FakeConnection, two: FakeConnection, watch: Watch) -> None:
    two.probe = GONE
    watch(endpoint(one), endpoint(two)).start()
    wait_until(lambda: two.probes >= 21)
    assert 3 <= one.probes <= 6


def test_one_with_another_model_is_looked_at_less_often(one: FakeConnection, two: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where, endpoint(two)).start()
    one.probe = two.probe = GONE
    wait_until(lambda: not where.ready)
    one.model, one.probe = OTHER, True
    wait_until(lambda: where.mismatch is not None)
    one.probes = two.probes = 0
    wait_until(lambda: two.probes >= 20)
    assert 3 <= one.probes <= 5


def test_one_that_had_been_away_is_checked_anew(one: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where).start()
    one.probe = GONE
    wait_until(lambda: not where.ready)
    one.model, one.probe = OTHER, True
    wait_until(lambda: where.mismatch is not None)
    assert not where.usable
    assert where.why_out() == (
        "http://a:8000: the model at http://a:8000 is not the bundle's;"
        " got: input images float32 [-1, 3, 640, 640]; expected: input images float32 [batch, 3, 8, 8];"
        " remedy: serve this bundle's model there (`satchel export`), or correct SATCHEL_REMOTE_MODEL"
    )
    one.model = AGREEING
    wait_until(lambda: where.usable)


def test_one_that_stays_is_described_once(one: FakeConnection, watch: Watch) -> None:
    watch(endpoint(one)).start()
    wait_until(lambda: one.probes >= 4)
    assert one.descriptions == 1


def test_another_model_at_the_start_ends_it(one: FakeConnection, two: FakeConnection, watch: Watch) -> None:
    two.model = OTHER
    watcher = watch(endpoint(one), endpoint(two))
    with pytest.raises(EngineError, match="the model at http://b:8000 is not the bundle's"):
        watcher.start()
    probes = one.probes
    time.sleep(10 * PERIOD)
    assert one.probes == probes, "nothing is watched"


def test_one_that_cannot_describe_itself_is_not_asked(one: FakeConnection, watch: Watch) -> None:
    one.model = failing(Failure.REFUSED, "no model called tiny")
    where = endpoint(one)
    watch(where).start()
    assert where.why_out() == "http://a:8000: no model called tiny"
    one.model = AGREEING
    wait_until(lambda: where.usable)


def test_a_protocol_without_descriptions_is_taken_at_its_word(one: FakeConnection, watch: Watch) -> None:
    one.model = None
    where = endpoint(one)
    watch(where, period=60).start()
    assert where.usable
    assert where.speaker is one


def test_other_names_are_translated(one: FakeConnection, watch: Watch) -> None:
    one.model = BY_PLACE
    where = endpoint(one)
    watcher = Watcher(plan(), ARTIFACT.model_copy(update={"engine": "torchscript"}), [where], period=60)
    watcher.start()
    watcher.close()
    assert isinstance(where.speaker, Interpreter)


def test_an_open_breaker_is_closed_when_its_pause_is_over(one: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where).start()
    break_it(where)
    began = time.monotonic()
    wait_until(lambda: where.healthy)
    assert 0.4 < time.monotonic() - began < 3.0


def test_one_that_was_away_need_not_wait_for_the_pause(one: FakeConnection, watch: Watch) -> None:
    where = endpoint(one)
    watch(where).start()
    one.probe = GONE
    break_it(where)
    began = time.monotonic()
    wait_until(lambda: not where.ready)
    one.probe = True
    wait_until(lambda: where.healthy)
    assert time.monotonic() - began < 0.4


def test_a_defect_is_logged_and_the_watch_goes_on(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(FakeConnection):
        def is_ready(self, timeout: float) -> bool:
            self.probes += 1
            if self.probes == 2:
                raise ZeroDivisionError
            return self.probes != 3

    where = endpoint(Odd())
    watch(where).start()
    wait_until(lambda: not where.ready)
    assert "http://a:8000 could not be probed" in caplog.text


def test_closing_ends_the_thread_at_once(one: FakeConnection) -> None:
    watcher = Watcher(plan(), ARTIFACT, [endpoint(one)], period=60)
    watcher.start()
    began = time.monotonic()
    watcher.close()
    assert time.monotonic() - began < 5
    assert not [thread for thread in threading.enumerate() if thread.name == "watch-remote"]


def test_one_that_never_started_can_be_closed(one: FakeConnection) -> None:
    Watcher(plan(), ARTIFACT, [endpoint(one)]).close()
    assert one.probes == 0
