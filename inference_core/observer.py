"""What the engine room tells of itself while it works; a door makes metrics of it."""

from typing import Literal, Protocol

from inference_core.tasks import Timings

ModelState = Literal["unloaded", "loading", "ready", "failed"]


class Observer(Protocol):
    """Is told what happens, from any thread. Must be quick and must not raise."""

    def waiting(self, model: str, count: int) -> None:
        """So many requests of `model` now run or wait."""

    def capacity(self, model: str, count: int) -> None:
        """So many requests of `model` may run or wait at once."""

    def batch(self, model: str, size: int) -> None:
        """So many pictures went into one call of the predictor."""

    def answered(self, model: str, timings: Timings) -> None:
        """One picture has its predictions."""

    def failed(self, model: str, code: str) -> None:
        """One picture has an error instead, of this code."""

    def state(self, model: str, version: str, state: ModelState) -> None:
        """A version of `model` has come into this state."""


class Silent:
    """Tells nobody."""

    def waiting(self, model: str, count: int) -> None:
        """See `Observer.waiting`."""

    def capacity(self, model: str, count: int) -> None:
        """See `Observer.capacity`."""

    def batch(self, model: str, size: int) -> None:
        """See `Observer.batch`."""

    def answered(self, model: str, timings: Timings) -> None:
        """See `Observer.answered`."""

    def failed(self, model: str, code: str) -> None:
        """See `Observer.failed`."""

    def state(self, model: str, version: str, state: ModelState) -> None:
        """See `Observer.state`."""
