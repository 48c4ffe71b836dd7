"""Deadlines: points on the monotonic clock after which the caller no longer waits."""

import time

from inference_core.errors import DeadlineError


def check_deadline(deadline: float | None, stage: str) -> None:
    """Raises DeadlineError when the caller no longer waits."""
    if deadline is not None and time.monotonic() >= deadline:
        raise DeadlineError(
            f"the deadline passed before {stage} began", remedy="allow more time, or send fewer images at once"
        )
