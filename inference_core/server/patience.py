"""How long a request may take: what its caller says, and never more than the settings allow."""

import re
import time

from starlette.requests import Request

from inference_core.errors import InvalidParameterError
from inference_core.settings import Settings

TIMEOUT_HEADER = "X-Timeout-Ms"
_MOST_DIGITS = 9


class Patience:
    """What is left of a request's time.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; 0 once it is over."""
        return max(0.0, self._until - time.monotonic())


def patience_of(request: Request, settings: Settings) -> Patience:
    """The time of a request that has just come.

    Raises:
        InvalidParameterError: `X-Timeout-Ms` is no whole number of milliseconds above 0.
    """
    return Patience(timeout_of(request, settings))


def timeout_of(request: Request, settings: Settings) -> float:
    """Seconds that a request may take. Raises what `patience_of` raises."""
    most = settings.timeout_ms / 1e3
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return most
    if not re.fullmatch(rf"[0-9]{{1,{_MOST_DIGITS}}}", text) or int(text) == 0:
        raise InvalidParameterError(
            f"header {TIMEOUT_HEADER} cannot be used",
            got=repr(text[:40]),
            expected="a whole number of milliseconds, at least 1",
            remedy="correct it, or leave it out",
        )
    return min(most, int(text) / 1e3)
