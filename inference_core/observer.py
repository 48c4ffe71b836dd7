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

    def called(self, model: str, endpoint: str, outcome: str, seconds: float) -> None:
        """One call of an endpoint for `model` ended: `ok`, or why it has no answer."""

    def endpoint(self, model: str, endpoint: str, *, usable: bool, outstanding: int) -> None:
        """Whether an endpoint may be asked for `model` now, and how many calls of it are under way."""

    def overflowed(self, model: str) -> None:
        """One request went to where models run that cannot run in the chosen mode."""


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

    def called(self, model: str, endpoint: str, outcome: str, seconds: float) -> None:
        """See `Observer.called`."""

    def endpoint(self, model: str, endpoint: str, *, usable: bool, outstanding: int) -> None:
        """See `Observer.endpoint`."""

    def overflowed(self, model: str) -> None:
        """See `Observer.overflowed`."""
