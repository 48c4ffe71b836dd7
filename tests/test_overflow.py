"""The second scheduler: what goes to it, in what time, and what stays with the first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from inference_core.errors import BusyError, InvalidImageError, RemoteUnavailableError, SatchelError
from inference_core.limits import Limits
from inference_core.observer import Silent
from inference_core.overflow import Overflow
from inference_core.scheduler import Scheduler
from tests.test_scheduler import RESULT, FakePredictor

HERE, THERE = (replace(RESULT, version=version) for version in ("here", "there"))
DOWN = RemoteUnavailableError("no endpoint can be used")


class Counting(Silent):
    """Counts what is passed on."""

    def __init__(self) -> None:
        self.passed_on = 0

    def overflowed(self, model: str) -> None:
        assert model == "fake"
        self.passed_on += 1


class Remote(FakePredictor):
    """Is down, as far as it knows, or finds out with a request."""

    def __init__(self, outcome: Any, down: SatchelError | None = None) -> None:
        super().__init__(outcome)
        self.down = down
        self.gate.set()

    def check_ready(self) -> None:
        if self.down is not None:
            raise self.down


Check = Callable[[Overflow, FakePredictor, FakePredictor], Awaitable[None]]


def with_both(first: FakePredictor, second: FakePredictor, check: Check) -> int:
    """How many requests were passed on."""
    counting = Counting()

    async def run() -> None:
        ahead, behind = (Scheduler(each, workers=1, queue_size=0, timeout=5) for each in (first, second))
        overflow = Overflow(ahead, behind, counting)
        try:
            await check(overflow, first, second)
        finally:
            first.gate.set()
            second.gate.set()
            await asyncio.to_thread(overflow.close)

    asyncio.run(run())
    assert (first.closed, second.closed) == (1, 1)
    return counting.passed_on


def test_a_full_queue_flows_over_and_a_second_full_one_says_so() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        tasks = [asyncio.create_task(overflow.predict(image)) for image in (b"1", b"2", b"3")]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            overflow.check_room()
        first.gate.set()
        second.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(answer, "version", None) for answer in answers] == ["here", "there", None]
        assert isinstance(answers[2], BusyError)
        overflow.check_room()

    first, second = FakePredictor(HERE), FakePredictor(THERE)
    assert with_both(first, second, check) == 2
    assert (first.asked, second.asked) == ([b"1"], [b"2"])


def test_a_service_that_is_known_to_be_down_is_not_asked() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        second.gate.set()
        overflow.check_ready()
        overflow.check_room()
        assert (await overflow.predict(b"1")).version == "here"

    remote = Remote(THERE, DOWN)
    assert with_both(remote, FakePredictor(HERE), check) == 1
    assert remote.asked == []


def test_pictures_whose_endpoint_fell_away_are_answered_by_the_second() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        second.gate.set()
        assert (await overflow.predict(b"1")).version == "here"
        outcomes = await overflow.predict_batch([b"2"])
        assert [outcome.version for outcome in outcomes if not isinstance(outcome, SatchelError)] == ["here"]

    remote = Remote(DOWN)
    assert with_both(remote, FakePredictor(HERE), check) == 2
    assert remote.asked == [b"1", b"2"]


def test_a_bad_picture_stays_bad_and_with_the_first() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        first.gate.set()
        with pytest.raises(InvalidImageError):
            await overflow.predict(b"1")

    second = FakePredictor(THERE)
    assert with_both(FakePredictor(InvalidImageError("no picture")), second, check) == 0
    assert second.asked == []


def test_what_both_cannot_is_the_second_ones_word() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        for ask in (overflow.check_ready, overflow.check_room):
            with pytest.raises(RemoteUnavailableError, match="the other too"):
                ask()

    assert with_both(Remote(THERE, DOWN), Remote(HERE, RemoteUnavailableError("the other too")), check) == 0


def test_limits_hold_for_both() -> None:
    async def check(overflow: Overflow, first: FakePredictor, second: FakePredictor) -> None:
        overflow.limits = Limits(confidence=0.7)
        first.gate.set()
        second.gate.set()
        await asyncio.gather(overflow.predict(b"1"), overflow.predict(b"2"))
        assert [*first.limits, *second.limits] == [Limits(confidence=0.7)] * 2

    assert with_both(FakePredictor(HERE), FakePredictor(THERE), check) == 1
