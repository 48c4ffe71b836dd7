"""When requests arrive that do not wait for each other."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, repeat, takewhile
from typing import Protocol


class Arrivals(Protocol):
    """How requests are spread over time."""

    def times(self, rate: float, seconds: float) -> Sequence[float]:
        """Seconds after the start, ascending, below `seconds`; on average `rate` a second."""


@dataclass(frozen=True, slots=True)
class Constant:
    """All gaps alike."""

    def times(self, rate: float, seconds: float) -> Sequence[float]:
        return _below(seconds, (index / rate for index in count()))


@dataclass(frozen=True, slots=True)
class Poisson:
    """Many callers who know nothing of each other: gaps are exponential."""

    seed: int = 0
    """The same one gives the same times."""

    def times(self, rate: float, seconds: float) -> Sequence[float]:
        source = random.Random(self.seed)  # noqa: S311  # keeps no secret
        return _below(seconds, accumulate(map(source.expovariate, repeat(rate))))


def _below(limit: float, times: Iterator[float]) -> Sequence[float]:
    return list(takewhile(lambda time: time < limit, times))
