"""The queue: how many it takes, in what order they run, and what becomes of those that wait."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inference_core.engines import Array, EngineDescription
from inference_core.errors import (
    BusyError,
    DeadlineError,
    InvalidImageError,
    NotReadyError,
    SatchelError,
    TooLargeError,
)
from inference_core.limits import Limits
from inference_core.observer import Silent
from inference_core.predictor import Outcome
from inference_core.scheduler import Batches, Scheduler
from inference_core.tasks import ImageSize, Result, Timings

RESULT = Result("fake", "1", "detection", ImageSize(1, 1))


class FakePredictor:
    """Answers when its gate is open; remembers what it was asked, and how many at once."""

    def __init__(self, outcome: Outcome | Exception = RESULT) -> None:
        self.manifest: Any = SimpleNamespace(name="fake")
        self.outcome = outcome
        self.gate = threading.Event()
        self.asked: list[bytes] = []
        self.sizes: list[int] = []
        self.limits: list[Limits] = []
        self.deadlines: list[float | None] = []
        self.running = self.most = self.closed = 0
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        raise AssertionError

    def describe(self) -> EngineDescription:
        raise AssertionError

    def check_ready(self) -> None:
        """It always is."""

    def predict(
        self, images: Sequence[bytes], *, deadline: float | None = None, limits: Sequence[Limits] = ()
    ) -> list[Outcome]:
        with self._lock:
            self.asked += images
            self.sizes.append(len(images))
            self.limits += limits
            self.deadlines.append(deadline)
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.gate.wait(10)
        with self._lock:
            self.running -= 1
        if isinstance(self.outcome, Result | SatchelError):
            return [self.outcome] * len(images)
        raise self.outcome

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        assert self.gate.wait(10)
        return {name: value * 2 for name, value in inputs.items()}

    def close(self) -> None:
        assert self.running == 0
        self.closed += 1


def untimed(result: Result) -> Result:
    """Without the time it waited."""
    return replace(result, timings_ms=replace(result.timings_ms, queue=0.0))


Check = Callable[[Scheduler, FakePredictor], Coroutine[Any, Any, None]]


def with_scheduler(
    check: Check, *, queue_size: int = 1, timeout: float = 10, outcome: Outcome | Exception = RESULT, **options: Any
) -> FakePredictor:
    predictor = FakePredictor(outcome)
    scheduler = Scheduler(predictor, **{"workers": 1} | options, queue_size=queue_size, timeout=timeout)

    async def run() -> None:
        try:
            await check(scheduler, predictor)
        finally:
            predictor.gate.set()
            await asyncio.to_thread(scheduler.close)

    asyncio.run(run())
    assert predictor.closed == 1
    return predictor


async def begin(scheduler: Scheduler, *images: bytes) -> list[asyncio.Task[Result]]:
    """Requests in this order, as far as they get without an answer."""
    tasks = []
    for image in images:
        tasks.append(asyncio.create_task(scheduler.predict(image)))
        await asyncio.sleep(0.01)
    return tasks


async def becomes(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


@pytest.mark.parametrize(("workers", "queue_size"), [(1, 0), (1, 2), (2, 1)])
def test_it_takes_workers_and_queue_and_not_one_more(workers: int, queue_size: int) -> None:
    capacity = workers + queue_size

    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        for _ in range(2):  # the second round: every place was given back
            predictor.gate.clear()
            taken = await begin(scheduler, *[b"x"] * capacity)
            with pytest.raises(BusyError) as caught:
                await scheduler.predict(b"refused")
            predictor.gate.set()
            assert [untimed(result) for result in await asyncio.gather(*taken)] == [RESULT] * capacity
            error = caught.value
            assert error.message == "model fake has a full queue"
            assert error.got == f"{capacity} requests running or waiting"
            assert error.expected == f"fewer than {capacity}"

    predictor = with_scheduler(check, workers=workers, queue_size=queue_size)
    assert predictor.asked == [b"x"] * capacity * 2
    assert predictor.most == workers


def test_first_come_first_served() -> None:
    images = [b"%d" % number for number in range(8)]

    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        tasks = await begin(scheduler, *images)
        assert predictor.asked == [b"0"]
        predictor.gate.set()
        await asyncio.gather(*tasks)

    assert with_scheduler(check, queue_size=7).asked == images


@pytest.mark.parametrize("outcome", [ZeroDivisionError("defect"), InvalidImageError("bad"), RuntimeError("defect")])
def test_a_failure_reaches_its_caller_and_gives_its_place_back(outcome: Exception) -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        for _ in range(5):
            with pytest.raises(type(outcome)) as caught:
                await scheduler.predict(b"x")
            assert caught.value is outcome

    assert len(with_scheduler(check, queue_size=0, outcome=outcome).asked) == 5


def test_a_caller_that_is_cancelled_while_waiting_leaves_the_queue() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        running, waiting = await begin(scheduler, b"running", b"waiting")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        [third] = await begin(scheduler, b"third")
        assert not third.done()
        predictor.gate.set()
        assert [untimed(await running), untimed(await third)] == [RESULT, RESULT]

    assert with_scheduler(check).asked == [b"running", b"third"]


def test_a_cancelled_request_counts_until_its_thread_is_free() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        [running] = await begin(scheduler, b"running")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(BusyError):
            await scheduler.predict(b"too early")
        predictor.gate.set()
        await becomes(lambda: predictor.running == 0)
        await becomes(lambda: _free(scheduler))
        assert untimed(await scheduler.predict(b"later")) == RESULT

    assert with_scheduler(check, queue_size=0).asked == [b"running", b"later"]


def _free(scheduler: Scheduler) -> bool:
    return scheduler._admitted == 0


def test_the_deadline_is_the_timeout_from_the_request_on() -> None:
    bounds: list[float] = []

    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        bounds.append(time.monotonic() + 10)
        await scheduler.predict(b"x")
        bounds.append(time.monotonic() + 10)

    [deadline] = with_scheduler(check).deadlines
    assert deadline is not None
    assert bounds[0] <= deadline <= bounds[1]


def test_who_waits_or_runs_beyond_the_timeout_is_told_on_time() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        began = time.monotonic()
        answers = await asyncio.gather(*(scheduler.predict(b"%d" % n) for n in range(3)), return_exceptions=True)
        assert 0.05 <= time.monotonic() - began < 1
        for answer in answers:
            assert isinstance(answer, DeadlineError)
            assert answer.message == "model fake did not answer in time"
            assert answer.expected == "an answer within 0.05 s"
        predictor.gate.set()
        await becomes(lambda: _free(scheduler))
        assert untimed(await scheduler.predict(b"next")) == RESULT

    assert with_scheduler(check, queue_size=2, timeout=0.05).asked == [b"0", b"next"]


def test_closing_finishes_what_runs_and_what_waits_and_lets_nothing_in() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        tasks = await begin(scheduler, b"running", b"w1", b"w2")
        closing = asyncio.create_task(asyncio.to_thread(scheduler.close))
        await asyncio.sleep(0.05)
        for _ in range(5):  # more than it could hold: a refusal takes no place
            with pytest.raises(NotReadyError, match="model fake is stopping"):
                await scheduler.predict(b"late")
        predictor.gate.set()
        assert [untimed(await task) for task in tasks] == [RESULT] * 3
        await closing
        predictor.closed -= 1  # closed once more on the way out

    assert with_scheduler(check, queue_size=2).asked == [b"running", b"w1", b"w2"]


def test_what_waits_runs_together_up_to_the_largest_batch() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        tasks = await begin(scheduler, *[b"%d" % number for number in range(8)])
        predictor.gate.set()
        assert [untimed(await task) for task in tasks] == [RESULT] * 8

    predictor = with_scheduler(check, queue_size=7, batches=Batches(4))
    assert predictor.sizes == [1, 4, 3]  # the first came when nobody waited
    assert predictor.asked == [b"%d" % number for number in range(8)]


def test_the_first_of_a_batch_waits_for_more_but_not_when_it_is_alone() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        began = time.monotonic()
        await scheduler.predict(b"alone")
        assert time.monotonic() - began < 0.4
        busy = scheduler.predict_batch([b"a", b"b"])
        await asyncio.gather(busy, _after(0.1, scheduler.predict(b"c")))

    assert with_scheduler(check, queue_size=7, batches=Batches(3, 0.5)).sizes == [1, 3]


async def _after(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    await asyncio.sleep(seconds)
    return await work


def test_a_batch_has_an_outcome_for_each_picture_and_needs_room_for_all() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        assert await scheduler.predict_batch([b"a", b"b", b"c"]) == [predictor.outcome] * 3
        with pytest.raises(TooLargeError, match="cannot take so many images at once"):
            await scheduler.predict_batch([b"x"] * 5)
        predictor.gate.clear()
        [running] = await begin(scheduler, b"running")
        with pytest.raises(BusyError) as caught:
            await scheduler.predict_batch([b"x"] * 4)
        assert caught.value.expected == "at most 0"
        predictor.gate.set()
        with pytest.raises(InvalidImageError):
            await running

    with_scheduler(check, queue_size=3, outcome=InvalidImageError("bad"))


def test_pictures_of_a_batch_that_are_late_fail_alone() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        threading.Timer(0.05, predictor.gate.set).start()
        first, second = await scheduler.predict_batch([b"a", b"b"], timeout=5)
        assert isinstance(first, Result) and isinstance(second, Result)
        predictor.gate.clear()
        late = await scheduler.predict_batch([b"a", b"b"], timeout=0.05)
        assert [str(error).splitlines()[1] for error in late] == ["  expected: an answer within 0.05 s"] * 2

    with_scheduler(check, queue_size=3)


def test_tensors_take_a_place_too() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        work = asyncio.create_task(scheduler.infer({"x": np.arange(3)}))
        await asyncio.sleep(0.01)
        with pytest.raises(BusyError):
            scheduler.check_room()
        with pytest.raises(DeadlineError):
            await asyncio.wait_for(asyncio.shield(_later(scheduler)), 5)
        predictor.gate.set()
        assert (await work)["x"].tolist() == [0, 2, 4]

    async def _later(scheduler: Scheduler) -> None:
        scheduler.capacity += 1
        await scheduler.infer({"x": np.arange(3)}, timeout=0.02)

    with_scheduler(check, queue_size=0)


def test_limits_of_a_request_come_before_those_of_the_scheduler() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        scheduler.limits = Limits(0.5, 3)
        await scheduler.predict(b"a")
        await scheduler.predict(b"b", Limits(confidence=0.0))

    assert with_scheduler(check).limits == [Limits(0.5, 3), Limits(0.0, 3)]


def test_an_observer_hears_of_queue_batches_and_outcomes() -> None:
    heard: list[tuple[Any, ...]] = []

    class Ear(Silent):
        def waiting(self, model: str, count: int) -> None:
            heard.append(("waiting", model, count))

        def batch(self, model: str, size: int) -> None:
            heard.append(("batch", model, size))

        def answered(self, model: str, timings: Timings) -> None:
            heard.append(("answered", model, timings.queue > 0))

    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        predictor.gate.set()
        await scheduler.predict(b"a")

    with_scheduler(check, observer=Ear())
    assert heard == [("waiting", "fake", 1), ("batch", "fake", 1), ("answered", "fake", True), ("waiting", "fake", 0)]


class Picture:
    """Stands for bytes, which cannot be watched."""


def test_a_request_that_leaves_takes_its_bytes_along() -> None:
    async def check(scheduler: Scheduler, predictor: FakePredictor) -> None:
        running = asyncio.create_task(scheduler.predict(b"running"))
        await asyncio.sleep(0.05)
        picture: Any = Picture()
        gone = weakref.ref(picture)
        waiting = asyncio.create_task(scheduler.predict(picture))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.wait({waiting})
        del picture, waiting
        gc.collect()
        assert gone() is None
        predictor.gate.set()
        await running

    with_scheduler(check, workers=1, queue_size=4)
