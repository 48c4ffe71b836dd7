"""Two schedulers for one model: the second takes what the first cannot."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from inference_core.engines import Array
from inference_core.errors import BusyError, NotReadyError, RemoteUnavailableError
from inference_core.limits import AS_PACKED, Limits
from inference_core.observer import Observer
from inference_core.predictor import Outcome
from inference_core.scheduler import Scheduler
from inference_core.tasks import Result

T = TypeVar("T")

_PASSED_ON = (BusyError, RemoteUnavailableError)
"""What the second may mend: a full queue, or endpoints that are all out of use."""


class Overflow:
    """What a `Scheduler` is to its callers, over two of them.

    Args:
        first: is asked first.
        second: takes what the first refuses, in the time that is left.
        observer: is told of each request that is passed on.
    """

    def __init__(self, first: Scheduler, second: Scheduler, observer: Observer) -> None:
        self._first, self._second = first, second
        self._observer = observer
        self._name = first.predictor.manifest.name

    @property
    def limits(self) -> Limits:
        """See `Scheduler.limits`; both have the same."""
        return self._first.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._first.limits = self._second.limits = limits

    async def predict(self, image: bytes, limits: Limits = AS_PACKED, *, timeout: float | None = None) -> Result:
        """See `Scheduler.predict`."""
        return await self._ask(lambda scheduler, left: scheduler.predict(image, limits, timeout=left), timeout)

    async def predict_batch(
        self, images: Sequence[bytes], limits: Limits = AS_PACKED, *, timeout: float | None = None
    ) -> list[Outcome]:
        """See `Scheduler.predict_batch`. Pictures that the first gives no answer for go to the second."""
        began = time.monotonic()
        outcomes = await self._ask(lambda each, left: each.predict_batch(images, limits, timeout=left), timeout)
        missed = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, RemoteUnavailableError)]
        if missed:
            self._observer.overflowed(self._name)
            again = [images[place] for place in missed]
            others = await self._second.predict_batch(again, limits, timeout=_left(timeout, began))
            for place, outcome in zip(missed, others, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def infer(self, inputs: Mapping[str, Array], *, timeout: float | None = None) -> dict[str, Array]:
        """See `Scheduler.infer`."""
        return await self._ask(lambda scheduler, left: scheduler.infer(inputs, timeout=left), timeout)

    def check_ready(self) -> None:
        """See `Scheduler.check_ready`: one of both must be able to."""
        try:
            self._first.check_ready()
        except NotReadyError:
            self._second.check_ready()

    def check_room(self, count: int = 1) -> None:
        """See `Scheduler.check_room`: one of both must have room."""
        try:
            self._first.check_room(count)
        except _PASSED_ON:
            self._second.check_room(count)

    def close(self) -> None:
        """See `Scheduler.close`."""
        self._first.close()
        self._second.close()

    async def _ask(self, ask: Callable[[Scheduler, float | None], Awaitable[T]], timeout: float | None) -> T:
        began = time.monotonic()
        try:
            self._first.check_ready()  # endpoints known to be out of use are not waited for
            return await ask(self._first, timeout)
        except _PASSED_ON:
            self._observer.overflowed(self._name)
            return await ask(self._second, _left(timeout, began))


def _left(timeout: float | None, began: float) -> float | None:
    """Seconds of `timeout` that are left."""
    return None if timeout is None else max(0.0, timeout - (time.monotonic() - began))
