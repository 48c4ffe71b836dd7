"""Instances of one loaded model, lent to whoever calls."""

import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from inference_core.deadline import check_deadline

T = TypeVar("T")


class Pool(Generic[T]):
    """Lends each instance to one caller at a time, the one that was idle longest first; further callers wait."""

    def __init__(self, instances: Sequence[T]) -> None:
        self.instances = tuple(instances)
        self._idle: queue.SimpleQueue[T] = queue.SimpleQueue()
        for instance in instances:
            self._idle.put(instance)

    @contextmanager
    def lend(self, deadline: float | None) -> Iterator[T]:
        """An instance that nobody else uses meanwhile.

        Raises:
            DeadlineError: none became idle before the deadline, a `time.monotonic()` value.
        """
        instance = self._take(deadline)
        try:
            yield instance
        finally:
            self._idle.put(instance)

    def _take(self, deadline: float | None) -> T:
        while True:
            check_deadline(deadline, "inference")
            with suppress(queue.Empty):
                return self._idle.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))


class SharedPool(Pool[T]):
    """One instance that serves any number of callers at once, each on its own thread."""

    def __init__(self, instance: T) -> None:
        super().__init__([instance])

    @contextmanager
    def lend(self, deadline: float | None) -> Iterator[T]:
        """The instance. Raises DeadlineError where the deadline has passed."""
        check_deadline(deadline, "inference")
        yield self.instances[0]
