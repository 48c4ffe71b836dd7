"""Interleaved timing: the things compared take turns, so that a machine that slows down slows them all."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds over all rounds."""

    p10: float
    median: float
    p90: float

    def __str__(self) -> str:
        return f"{self.median:8.2f}  ({self.p10:.2f} to {self.p90:.2f})"


def spread(samples: list[float]) -> Spread:
    """10th, 50th and 90th percentile of `samples` in milliseconds."""
    tenths = statistics.quantiles(samples, n=10)
    return Spread(tenths[0], statistics.median(samples), tenths[8])


def take_turns(contenders: Mapping[str, Callable[[], object]], rounds: int, warm_up: int = 3) -> dict[str, Spread]:
    """Times each contender once a round, in turn.

    Args:
        contenders: what to time, by name.
        rounds: how often, after `warm_up` rounds that do not count.
    """
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(warm_up + rounds):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if turn >= warm_up:
                samples[name].append((time.perf_counter() - began) * 1e3)
    return {name: spread(times) for name, times in samples.items()}
