"""A budget of retries: where many calls fail, asking again makes it worse.

As in Finagle (https://finagle.github.io/blog/2016/02/08/retry-budgets): one retry for five calls, and ten at first.
"""

import threading

_PER_CALL = 0.2
_MOST = 10.0


class RetryBudget:
    """Threads may share it."""

    def __init__(self) -> None:
        self._left = _MOST
        self._lock = threading.Lock()

    def earn(self) -> None:
        """A call begins."""
        with self._lock:
            self._left = min(_MOST, self._left + _PER_CALL)

    def spend(self) -> bool:
        """Whether one more retry may be made, which is then paid for."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True
