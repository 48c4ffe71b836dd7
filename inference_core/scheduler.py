"""The bounded queue in front of a predictor: refuses early, drops abandoned work, never blocks the event loop."""

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from inference_core.errors import BusyError, DeadlineError, NotReadyError
from inference_core.pipeline import Outcome, Predictor
from inference_core.tasks import Result


class Scheduler:
    """Runs one predictor on threads of its own.

    Args:
        predictor: must allow `workers` concurrent calls.
        workers: threads that run `predict`.
        queue_size: requests that may wait beyond those running.
        timeout: seconds a request may take, waiting included.
    """

    def __init__(self, predictor: Predictor, *, workers: int, queue_size: int, timeout: float) -> None:
        self.predictor = predictor
        self._capacity = workers + queue_size
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=f"predict-{predictor.manifest.name}")
        self._admitted = 0
        self._lock = threading.Lock()

    async def predict(self, image: bytes) -> Result:
        """The result for one image.

        A caller that goes away while waiting leaves the queue; one that waits beyond the timeout gets DeadlineError.

        Raises:
            BusyError: the queue is full.
            NotReadyError: closed, before or while it waited.
            SatchelError: whatever became of the image.
        """
        images = [image]
        future = self._submit(images, time.monotonic() + self._timeout)
        waiting = asyncio.wrap_future(future)
        try:
            await asyncio.wait({waiting}, timeout=self._timeout)
            if not waiting.done():
                raise DeadlineError(
                    f"model {self.predictor.manifest.name} did not answer in time",
                    expected=f"an answer within {self._timeout:g} s",
                    remedy="try again when the queue is shorter, or raise SATCHEL_TIMEOUT_MS",
                )
        finally:
            if waiting.cancel():
                images.clear()  # the executor keeps a cancelled call until a thread comes by it
        if waiting.cancelled():
            raise self._closed()
        outcomes = waiting.result()
        if isinstance(outcomes[0], Result):
            return outcomes[0]
        raise outcomes[0]

    def check_room(self) -> None:
        """Raises BusyError when the queue is full: a door asks before it reads a body."""
        with self._lock:
            self._require_room()

    def close(self) -> None:
        """Waits for what is running, drops what is waiting, and closes the predictor."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.predictor.close()

    def _submit(self, images: list[bytes], deadline: float) -> Future[list[Outcome]]:
        with self._lock:
            self._require_room()
            try:
                future = self._threads.submit(self.predictor.predict, images, deadline=deadline)
            except RuntimeError:  # shut down
                raise self._closed() from None
            self._admitted += 1
        future.add_done_callback(self._leave)
        return future

    def _require_room(self) -> None:
        if self._admitted >= self._capacity:
            raise BusyError(
                f"model {self.predictor.manifest.name} has a full queue",
                got=f"{self._admitted} requests running or waiting",
                expected=f"fewer than {self._capacity}",
                remedy="try again after the time in Retry-After, or raise SATCHEL_QUEUE_SIZE",
            )

    def _leave(self, _: Future[list[Outcome]]) -> None:
        with self._lock:
            self._admitted -= 1

    def _closed(self) -> NotReadyError:
        return NotReadyError(f"model {self.predictor.manifest.name} is stopping", remedy="try again shortly")
