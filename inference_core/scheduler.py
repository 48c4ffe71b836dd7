"""The bounded queue in front of a predictor: refuses early, drops abandoned work, never blocks the event loop."""

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inference_core.engines import Array
from inference_core.errors import BusyError, DeadlineError, NotReadyError, TooLargeError
from inference_core.jobs import AnyJob, Gathering, Inference, Picture, run_jobs
from inference_core.limits import AS_PACKED, Limits
from inference_core.observer import Observer, Silent
from inference_core.predictor import Outcome, Predictor
from inference_core.tasks import Result


@dataclass(frozen=True, slots=True)
class Batches:
    """How requests share a call of the predictor."""

    size: int = 1
    """Most pictures of one call."""
    delay: float = 0.0
    """Seconds that the first of a batch waits for more. A picture that is alone never waits."""


ONE_BY_ONE = Batches()


class Scheduler:
    """Runs one predictor on threads of its own.

    Args:
        predictor: must allow `workers` concurrent calls.
        workers: threads that run `predict`.
        queue_size: requests that may wait beyond those running.
        timeout: seconds a request may take, waiting included; a caller may allow less.
        batches: how requests share a call of the predictor.
        observer: is told of queue, batches and outcomes.
        queue_name: what the observer is told the queue is called; the model's name where None.
    """

    def __init__(
        self,
        predictor: Predictor,
        *,
        workers: int,
        queue_size: int,
        timeout: float,
        batches: Batches = ONE_BY_ONE,
        observer: Observer | None = None,
        queue_name: str | None = None,
    ) -> None:
        self.predictor = predictor
        self.limits = AS_PACKED
        """What whoever runs the server wants of every request that does not say otherwise."""
        self.capacity = workers + queue_size
        self._timeout = timeout
        self._batches = batches
        self._observer: Observer = observer or Silent()
        self._name = predictor.manifest.name
        self._queue_name = queue_name or self._name
        self._jobs: queue.SimpleQueue[AnyJob | None] = queue.SimpleQueue()
        self._admitted = 0
        self._closed = False
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"predict-{self._name}-{number}", daemon=True)
            for number in range(workers)
        ]
        self._observer.capacity(self._queue_name, self.capacity)
        for thread in self._threads:
            thread.start()

    async def predict(self, image: bytes, limits: Limits = AS_PACKED, *, timeout: float | None = None) -> Result:
        """The result for one image.

        A caller that goes away while waiting leaves the queue; one that waits beyond the timeout gets DeadlineError.

        Args:
            image: a JPEG, PNG, WebP or BMP file.
            limits: what is wanted otherwise than the scheduler's own limits and the bundle say.
            timeout: seconds; no more than the scheduler's own.

        Raises:
            BusyError: the queue is full.
            NotReadyError: closed before it came.
            SatchelError: whatever became of the image.
        """
        [outcome] = await self.predict_batch([image], limits, timeout=timeout)
        if isinstance(outcome, Result):
            return outcome
        raise outcome

    async def predict_batch(
        self, images: Sequence[bytes], limits: Limits = AS_PACKED, *, timeout: float | None = None
    ) -> list[Outcome]:
        """One outcome per image, in order; a bad image, or one that is not done in time, fails alone.

        Raises:
            BusyError: there is no room for all of them now.
            TooLargeError: there never is.
            NotReadyError: closed before they came.
        """
        if not images:
            return []
        wanted, deadline = limits.over(self.limits), self._deadline(timeout)
        gathering = Gathering(len(images))
        done = self._done(gathering)
        jobs = [Picture(deadline, done, image, wanted) for image in images]
        await self._finish(jobs, gathering)
        return [self._late(timeout) if job.outcome is None else job.outcome for job in jobs]

    async def infer(self, inputs: Mapping[str, Array], *, timeout: float | None = None) -> dict[str, Array]:
        """The model's outputs for tensors, any number of items along axis 0.

        Raises:
            BusyError, NotReadyError, DeadlineError: as `predict`.
            EngineError: the model failed, or an input has the wrong name, dtype or shape.
        """
        gathering = Gathering(1)
        job = Inference(self._deadline(timeout), self._done(gathering), inputs)
        await self._finish([job], gathering)
        if job.outcome is None:
            raise self._late(timeout)
        return job.outcome

    def check_ready(self) -> None:
        """Raises NotReadyError where nothing can be predicted now."""
        self.predictor.check_ready()

    def check_room(self, count: int = 1) -> None:
        """A door asks before it reads a body.

        Raises:
            BusyError: `count` more do not fit.
            NotReadyError: nothing can be predicted now.
        """
        self.check_ready()
        with self._lock:
            self._require_room(count)

    def close(self) -> None:
        """Lets nothing in, finishes what runs and what waits, and closes the predictor."""
        with self._lock:
            self._closed = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self.predictor.close()

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + self._patience(timeout)

    def _patience(self, timeout: float | None) -> float:
        return self._timeout if timeout is None else min(timeout, self._timeout)

    async def _finish(self, jobs: Sequence[AnyJob], gathering: Gathering) -> None:
        """Submits all of `jobs` and waits for them; those not done by the deadline are given up.

        Raises the first defect.
        """
        self._submit(jobs)
        try:
            await gathering.wait(max(0.0, jobs[0].deadline - time.monotonic()))
        finally:
            for job in jobs:
                job.give_up()
        for job in jobs:
            if job.defect is not None:
                raise job.defect

    def _done(self, gathering: Gathering) -> Callable[[], None]:
        """What a job does when it is finished or given up: it leaves its place, and its caller may go on."""

        def leave() -> None:
            with self._lock:
                self._admitted -= 1
                self._observer.waiting(self._queue_name, self._admitted)
            gathering.arrive()

        return leave

    def _submit(self, jobs: Sequence[AnyJob]) -> None:
        if len(jobs) > self.capacity:
            raise TooLargeError(
                f"model {self._name} cannot take so many images at once",
                got=f"{len(jobs)} images",
                expected=f"at most {self.capacity}, the places of its queue",
                remedy="send fewer at once, or raise SATCHEL_QUEUE_SIZE",
            )
        with self._lock:
            if self._closed:
                raise NotReadyError(f"model {self._name} is stopping", remedy="try again shortly")
            self._require_room(len(jobs))
            self._admitted += len(jobs)
            self._observer.waiting(self._queue_name, self._admitted)
            for job in jobs:
                self._jobs.put(job)

    def _require_room(self, count: int) -> None:
        if self._admitted + count > self.capacity:
            raise BusyError(
                f"model {self._name} has a full queue",
                got=f"{self._admitted} requests running or waiting",
                expected=f"fewer than {self.capacity}" if count == 1 else f"at most {self.capacity - count}",
                remedy="try again after the time in Retry-After, or raise SATCHEL_QUEUE_SIZE",
            )

    def _late(self, timeout: float | None) -> DeadlineError:
        return DeadlineError(
            f"model {self._name} did not answer in time",
            expected=f"an answer within {self._patience(timeout):g} s",
            remedy="try again when the queue is shorter, or raise SATCHEL_TIMEOUT_MS",
        )

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            run_jobs(self.predictor, self._gather(first), self._observer)

    def _gather(self, first: AnyJob) -> list[AnyJob]:
        """The jobs of one turn: `first`, and what else comes in time, if more than one may run together."""
        jobs = [first]
        until = time.monotonic() + self._batches.delay
        while len(jobs) < self._batches.size:
            others = self._admitted > 1  # else nobody is there to wait for
            try:
                job = self._jobs.get(timeout=max(0.0, until - time.monotonic()) if others else 0.0)
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # it is for whichever thread comes next, this one among them
                break
            jobs.append(job)
        return jobs
