"""What waits in a queue: one picture, or the tensors of one inference; and where its caller waits for the outcome."""

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Generic, TypeVar

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.observer import Observer
from inference_core.predictor import Outcome, Predictor
from inference_core.tasks import Result

T = TypeVar("T")


class Gathering:
    """Where a caller waits for some jobs: woken once, by the last of them or when its time is over.

    Futures of `concurrent.futures`, chained to asyncio's, would do the same at three times the cost.

    Args:
        count: jobs.
    """

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._missing = count

    def arrive(self) -> None:
        """One job more is finished. From any thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any longer
            self._loop.call_soon_threadsafe(self._count)

    async def wait(self, seconds: float) -> None:
        """Until all are finished, or the time is over."""
        timer = self._loop.call_later(seconds, self._release)
        try:
            await self._future
        finally:
            timer.cancel()

    def _count(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            self._release()

    def _release(self) -> None:
        if not self._future.done():
            self._future.set_result(None)


class Job(ABC, Generic[T]):
    """What the two kinds share.

    Args:
        deadline: `time.monotonic()` value after which nobody waits for it.
        done: is called once, when it is finished or given up; from any thread.
    """

    def __init__(self, deadline: float, done: Callable[[], None]) -> None:
        self.deadline = deadline
        self.since = time.perf_counter()
        self.outcome: T | None = None
        """None until it is finished."""
        self.defect: BaseException | None = None
        """What was raised in place of an outcome."""
        self._done = done
        self._claim = threading.Lock()

    def begin(self) -> bool:
        """Whether it is still wanted; if so, it is now for the thread that asks, and can no longer be given up."""
        return self._claim.acquire(blocking=False)

    def give_up(self) -> None:
        """Nobody waits any longer: unless a thread has begun with it, it leaves, and what it holds is freed at once."""
        if self._claim.acquire(blocking=False):
            self._drop()
            self._done()

    def finish(self, outcome: T) -> None:
        """Gives it its outcome."""
        self.outcome = outcome
        self._done()

    def fail(self, defect: BaseException) -> None:
        """Gives it an exception in place of an outcome."""
        self.defect = defect
        self._done()

    @abstractmethod
    def _drop(self) -> None:
        """Lets go of what it holds."""


class Picture(Job[Outcome]):
    """One encoded picture, and what is wanted of its predictions."""

    def __init__(self, deadline: float, done: Callable[[], None], image: bytes, limits: Limits) -> None:
        super().__init__(deadline, done)
        self.image = image
        self.limits = limits

    def _drop(self) -> None:
        self.image = b""


class Inference(Job[dict[str, Array]]):
    """Tensors by the artifact's input names."""

    def __init__(self, deadline: float, done: Callable[[], None], inputs: Mapping[str, Array]) -> None:
        super().__init__(deadline, done)
        self.inputs = inputs

    def _drop(self) -> None:
        self.inputs = {}


AnyJob = Picture | Inference


def run_jobs(predictor: Predictor, jobs: Sequence[AnyJob], observer: Observer) -> None:
    """Gives every job that is still wanted its outcome; the pictures among them go to the predictor together."""
    wanted = [job for job in jobs if job.begin()]
    pictures = [job for job in wanted if isinstance(job, Picture)]
    if pictures:
        _predict(predictor, pictures, observer)
    for job in wanted:
        if isinstance(job, Inference):
            _infer(predictor, job)


def _predict(predictor: Predictor, jobs: Sequence[Picture], observer: Observer) -> None:
    name = predictor.manifest.name
    observer.batch(name, len(jobs))
    began = time.perf_counter()
    try:
        outcomes = predictor.predict(
            [job.image for job in jobs],
            deadline=max(job.deadline for job in jobs),
            limits=[job.limits for job in jobs],
        )
    except BaseException as error:  # a defect: whoever waits is told, and the thread goes on
        for job in jobs:
            job.fail(error)
        return
    for job, outcome in zip(jobs, outcomes, strict=True):
        job.finish(_note(name, outcome, (began - job.since) * 1e3, observer))


def _note(name: str, outcome: Outcome, queue_ms: float, observer: Observer) -> Outcome:
    """The outcome with the time it waited, once the observer knows of it."""
    if not isinstance(outcome, Result):
        observer.failed(name, outcome.code)
        return outcome
    timings = replace(outcome.timings_ms, queue=round(queue_ms, 3))
    observer.answered(name, timings)
    return replace(outcome, timings_ms=timings)


def _infer(predictor: Predictor, job: Inference) -> None:
    try:
        job.finish(predictor.infer(job.inputs, deadline=job.deadline))
    except BaseException as error:  # ours or a defect: whoever waits is told, and the thread goes on
        job.fail(error)
