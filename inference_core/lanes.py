"""Two ways through one pipeline: all threads for a picture that is alone, one thread for each picture of a crowd.

A wide inference answers soonest; narrow ones side by side answer most, since threads that share one inference wait for
each other. The weights are in memory twice then.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from inference_core.engines import Engine
from inference_core.imaging import Preprocessor


@dataclass(frozen=True, slots=True)
class Lane:
    """What prepares a picture, and what runs the model on it."""

    preprocess: Preprocessor
    engine: Engine


class Lanes:
    """Tells callers which lane to take.

    Args:
        alone: for a caller with nobody beside it.
        crowd: for callers side by side; None gives them the same lane.
    """

    def __init__(self, alone: Lane, crowd: Lane | None) -> None:
        self._alone = alone
        self._crowd = crowd or alone
        self._callers = 0
        self._lock = threading.Lock()

    @property
    def engines(self) -> tuple[Engine, ...]:
        """One, or the wide one and the narrow one."""
        return tuple(dict.fromkeys((self._alone.engine, self._crowd.engine)))

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Counts a caller for as long as it is inside."""
        with self._lock:
            self._callers += 1
        try:
            yield
        finally:
            with self._lock:
                self._callers -= 1

    def lane(self) -> Lane:
        """The lane for the next stage: a crowd may gather, or leave, between two stages of one picture."""
        return self._alone if self._callers == 1 else self._crowd
