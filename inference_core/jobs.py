"""What waits in a queue: one picture, or the tensors of one inference, and the promise of an outcome."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Generic, TypeVar

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.observer import Observer
from inference_core.pipeline import Outcome, Predictor
from inference_core.tasks import Result

T = TypeVar("T")


class Job(Generic[T]):
    """What the two kinds share.

    Args:
        deadline: `time.monotonic()` value after which nobody waits for it.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.since = time.perf_counter()
        self.future: Future[T] = Future()

    @property
    def finished(self) -> bool:
        """Whether there is an outcome, or a defect in its place."""
        return self.future.done() and not self.future.cancelled()

    def give_up(self) -> None:
        """Nobody waits any longer: unless a thread has begun with it, it leaves, and what it holds is freed at once."""
        if self.future.cancel():
            self._drop()

    def _drop(self) -> None:
        raise NotImplementedError


class Picture(Job[Outcome]):
    """One encoded picture, and what is wanted of its predictions."""

    def __init__(self, deadline: float, image: bytes, limits: Limits) -> None:
        super().__init__(deadline)
        self.image = image
        self.limits = limits

    def _drop(self) -> None:
        self.image = b""


class Inference(Job[dict[str, Array]]):
    """Tensors by the artifact's input names."""

    def __init__(self, deadline: float, inputs: Mapping[str, Array]) -> None:
        super().__init__(deadline)
        self.inputs = inputs

    def _drop(self) -> None:
        self.inputs = {}


AnyJob = Picture | Inference


def run_jobs(predictor: Predictor, jobs: Sequence[AnyJob], observer: Observer) -> None:
    """Gives every job that is still wanted its outcome; the pictures among them go to the predictor together."""
    wanted = [job for job in jobs if job.future.set_running_or_notify_cancel()]
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
            job.future.set_exception(error)
        return
    for job, outcome in zip(jobs, outcomes, strict=True):
        job.future.set_result(_note(name, outcome, (began - job.since) * 1e3, observer))


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
        job.future.set_result(predictor.infer(job.inputs, deadline=job.deadline))
    except BaseException as error:  # ours or a defect: whoever waits is told, and the thread goes on
        job.future.set_exception(error)
