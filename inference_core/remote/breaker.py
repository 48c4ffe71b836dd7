"""A circuit breaker: an endpoint that fails again and again is left alone for a while, and then tried by one call.

The pattern is Michael Nygard's: Release It!, 2nd edition, Pragmatic Bookshelf 2018, chapter 5, "Circuit Breaker".
"""

import random
import threading
import time
from collections.abc import Callable

from inference_core.remote.connection import Failure

_LIMIT = 5
_WEIGHTS = {Failure.UNREACHABLE: 3, Failure.UNTRUSTED: _LIMIT}
"""How much a failure counts, where it is more than 1. Where nobody listens, the next call will not be heard either: two
are enough, so that one lost packet is not. A certificate that does not hold is no matter of chance."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
"""Seconds."""


class Breaker:
    """Closed: calls pass. Open: none does, until the pause is over. Half-open: one does, and decides.

    Each opening without an answered call since the last one doubles the pause. Threads may share it.

    Args:
        clock: seconds, such as `time.monotonic`.
        chance: numbers from 0 to 1, so that many clients do not come back in one moment.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, chance: Callable[[], float] = random.random
    ) -> None:
        self._clock, self._chance = clock, chance
        self._lock = threading.Lock()
        self._failures = 0
        self._openings = 0
        self._until: float | None = None
        self._trial = False
        self._turn = 0
        """Changes with the state: what began before a pause says nothing of the time after it."""

    @property
    def is_closed(self) -> bool:
        """Whether calls pass as they come."""
        return self._until is None

    @property
    def admits(self) -> bool:
        """Whether a call that came now would pass."""
        until = self._until
        return until is None or (not self._trial and self._clock() >= until)

    @property
    def pause(self) -> float:
        """Seconds for which no call passes yet."""
        until = self._until
        return 0.0 if until is None else max(0.0, until - self._clock())

    def enter(self) -> int | None:
        """The turn of a call, which has to be given back by `succeed`, `fail` or `withdraw`; None: it may not pass."""
        with self._lock:
            if not self.admits:
                return None
            self._trial = self._until is not None
            return self._turn

    def succeed(self, turn: int) -> None:
        """The call was answered."""
        with self._lock:
            if turn == self._turn:
                self._failures = self._openings = 0
                self._close()

    def fail(self, turn: int, failure: Failure) -> bool:
        """The call failed, by no fault of its own. Returns whether that opened the breaker."""
        with self._lock:
            if turn != self._turn:
                return False
            self._failures += _LIMIT if self._trial else _WEIGHTS.get(failure, 1)
            if self._failures < _LIMIT:
                return False
            longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._openings, 10))
            self._until = self._clock() + longest * (0.5 + self._chance() / 2)
            self._failures, self._trial = 0, False
            self._openings += 1
            self._turn += 1
            return True

    def withdraw(self, turn: int) -> None:
        """The call ended without saying anything of the endpoint."""
        with self._lock:
            if turn == self._turn:
                self._trial = False

    def heal(self, *, reborn: bool) -> None:
        """A probe found the endpoint ready. Closes the breaker where a call might pass; and always where the endpoint
        had been away meanwhile, as it was another one that failed.

        Being ready is not yet an answer: until a call has one, a single failure opens it again, for twice as long.
        """
        with self._lock:
            if self._until is not None and (reborn or self.admits):
                self._failures = _LIMIT - 1
                self._close()

    def _close(self) -> None:
        if self._until is not None:
            self._until, self._trial = None, False
            self._turn += 1
