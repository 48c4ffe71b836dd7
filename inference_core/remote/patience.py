"""How long one try may take, by how long calls usually take."""

import math

_FADING = 0.1
_FAIR_UNKNOWN = 1.0
_FAIR_LEAST = 0.1


class Patience:
    """Remembers the slower of the recent calls: a high value at once, a lower one bit by bit (a moving average that
    peaks, as Finagle's `PeakEwma` has it).

    Args:
        read: most seconds of any try.
    """

    def __init__(self, read: float) -> None:
        self._read = read
        self._usual: float | None = None

    def learn(self, seconds: float) -> None:
        """A call was answered after so long."""
        usual = self._usual or 0.0
        self._usual = max(seconds, usual + _FADING * (seconds - usual))

    def share(self, left: float, *, others: bool) -> float:
        """Seconds for a try, of the `left` ones. Where others could be asked next, half stays for them, so that one
        that hangs does not eat it all; but never less than twice what calls take, lest nobody ever finish."""
        whole = min(self._read, left)
        if not others or self._usual is None or math.isinf(left):
            return whole
        return min(whole, max(left / 2, 2 * self._usual))

    def is_fair(self, timeout: float) -> bool:
        """Whether a call that took longer than `timeout` speaks against the endpoint; else its caller was in a hurry,
        and a few such callers must not close the way for all."""
        enough = _FAIR_UNKNOWN if self._usual is None else max(_FAIR_LEAST, 2 * self._usual)
        return timeout >= min(self._read, enough) * 0.99  # which leaves room for rounding
