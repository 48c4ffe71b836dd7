"""The breaker: what opens it, for how long, and who gets through then."""

import threading

import pytest

from inference_core.remote.breaker import Breaker
from inference_core.remote.connection import Failure
from tests.remote.endpoints import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """One whose pauses are as long as they may be."""
    return Breaker(clock=clock, chance=lambda: 1.0)


def enter(breaker: Breaker) -> int:
    turn = breaker.enter()
    assert turn is not None
    return turn


def fail(breaker: Breaker, kind: Failure = Failure.FAULT, times: int = 1) -> list[bool]:
    return [breaker.fail(enter(breaker), kind) for _ in range(times)]


def open_it(breaker: Breaker) -> None:
    assert fail(breaker, times=5)[-1]


@pytest.mark.parametrize(
    ("kind", "failures"),
    [
        (Failure.FAULT, 5),
        (Failure.TIMEOUT, 5),
        (Failure.GARBAGE, 5),
        (Failure.BROKEN, 5),
        (Failure.NOT_READY, 5),
        (Failure.UNREACHABLE, 2),
        (Failure.UNTRUSTED, 1),
    ],
)
def test_so_many_failures_in_a_row_open_it(breaker: Breaker, kind: Failure, failures: int) -> None:
    assert fail(breaker, kind, failures) == [False] * (failures - 1) + [True]
    assert not breaker.is_closed
    assert not breaker.admits
    assert breaker.enter() is None


def test_an_answer_in_between_begins_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, times=4)
    breaker.succeed(enter(breaker))
    assert fail(breaker, times=4) == [False] * 4
    assert breaker.is_closed


def test_after_the_pause_one_call_passes_and_its_answer_closes_it(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    assert breaker.pause == 0.5
    clock.sleep(0.49)
    assert breaker.enter() is None
    clock.sleep(0.01)
    assert breaker.admits
    turn = enter(breaker)
    assert not breaker.admits
    assert breaker.enter() is None
    breaker.succeed(turn)
    assert breaker.is_closed
    assert fail(breaker, times=4) == [False] * 4


def test_a_failed_trial_doubles_the_pause_up_to_a_cap(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    pauses = [breaker.pause]
    for _ in range(6):
        clock.sleep(breaker.pause)
        assert fail(breaker) == [True]
        pauses.append(breaker.pause)
    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, 15, 15])
    clock.sleep(15)
    breaker.succeed(enter(breaker))
    open_it(breaker)
    assert breaker.pause == pytest.approx(0.5)


def test_chance_shortens_a_pause_by_up_to_half(clock: Clock) -> None:
    shortest = Breaker(clock=clock, chance=lambda: 0.0)
    open_it(shortest)
    assert shortest.pause == 0.25


def test_many_openings_do_not_overflow(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    for _ in range(2000):
        clock.sleep(15)
        fail(breaker)
    assert breaker.pause == 15


def test_calls_that_began_before_the_pause_tell_nothing_of_later(breaker: Breaker, clock: Clock) -> None:
    early = [enter(breaker) for _ in range(20)]
    for turn in early[:5]:
        breaker.fail(turn, Failure.BROKEN)
    assert breaker.pause == 0.5
    assert not any(breaker.fail(turn, Failure.BROKEN) for turn in early[5:18])
    assert breaker.pause == 0.5, "failures of the same moment must not double the pause"
    breaker.succeed(early[18])
    assert not breaker.is_closed
    clock.sleep(0.5)
    trial = enter(breaker)
    breaker.succeed(early[19])
    assert not breaker.is_closed, "only the trial decides"
    breaker.fail(trial, Failure.BROKEN)
    assert breaker.pause == 1.0


def test_a_trial_that_says_nothing_leaves_the_way_to_the_next(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.sleep(0.5)
    breaker.withdraw(enter(breaker))
    assert breaker.admits
    breaker.succeed(enter(breaker))
    assert breaker.is_closed


def test_a_probe_heals_after_the_pause_but_proves_nothing(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    breaker.heal(reborn=False)
    assert not breaker.is_closed, "the pause holds for one that says it is ready while it fails"
    clock.sleep(0.5)
    breaker.heal(reborn=False)
    assert breaker.is_closed
    assert fail(breaker) == [True], "until a call is answered, one failure is enough"
    assert breaker.pause == 1.0


def test_one_that_had_been_away_is_healed_within_the_pause(breaker: Breaker) -> None:
    open_it(breaker)
    breaker.heal(reborn=True)
    assert breaker.is_closed


def test_a_probe_does_not_take_failures_away(breaker: Breaker) -> None:
    fail(breaker, times=4)
    breaker.heal(reborn=False)
    assert fail(breaker) == [True]


def test_of_many_threads_one_gets_the_trial(breaker: Breaker, clock: Clock) -> None:
    open_it(breaker)
    clock.sleep(0.5)
    together, turns = threading.Barrier(8), []

    def run() -> None:
        together.wait()
        turns.append(breaker.enter())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([turn for turn in turns if turn is not None]) == 1
