"""What a run of load measured."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. Times are seconds since the run began."""

    index: int
    intended: float
    """When it should have been sent."""
    sent: float | None
    """When it was; None where its time was over before that."""
    finished: float
    """When its answer was whole, or given up."""
    outcome: str
    """The status that came back, or why none did: timeout, refused, reset, malformed, no answer."""
    ok: bool
    bytes: int
    """Of the answer's body."""
    error: str | None

    @property
    def latency(self) -> float:
        """Seconds from the intended sending on, so that a request which had to wait for others has waited."""
        return self.finished - self.intended


@dataclass(frozen=True)
class Report:
    """The requests of a run, or of several.

    Latencies are those of the requests that succeeded: a refusal is quick, and would look like a good answer.
    """

    samples: tuple[Sample, ...]
    """In the order in which they finished."""
    wall: float
    """Seconds from the start to the last answer."""
    cpu: float
    """Seconds of CPU that this process used meanwhile."""

    @classmethod
    def of(cls, parts: Sequence["Report"]) -> "Report":
        """Several runs as one: the samples of all, and their times added up."""
        samples = tuple(sample for part in parts for sample in part.samples)
        return cls(samples, sum(part.wall for part in parts), sum(part.cpu for part in parts))

    @cached_property
    def latencies(self) -> tuple[float, ...]:
        """Seconds, ascending."""
        return tuple(sorted(sample.latency for sample in self.samples if sample.ok))

    @property
    def statuses(self) -> dict[str, int]:
        """How many requests had each outcome, the most frequent first."""
        return dict(Counter(sample.outcome for sample in self.samples).most_common())

    @property
    def failed(self) -> int:
        """Requests without a good answer."""
        return len(self.samples) - len(self.latencies)

    @property
    def error_rate(self) -> float:
        """Of all requests, 0 to 1; 1 where there were none."""
        return self.failed / len(self.samples) if self.samples else 1.0

    @property
    def throughput(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.wall if self.wall > 0 else 0.0

    @property
    def mean(self) -> float:
        """Seconds; not a number where nothing succeeded."""
        return math.fsum(self.latencies) / len(self.latencies) if self.latencies else math.nan

    @property
    def lag(self) -> float:
        """Seconds by which requests left late, on average: the part of the latency that they waited here."""
        late = [sample.sent - sample.intended for sample in self.samples if sample.sent is not None]
        return math.fsum(late) / len(late) if late else math.nan

    def percentile(self, share: float) -> float:
        """The least measured latency that `share` per cent of them do not exceed (nearest rank), seconds.

        Args:
            share: 0 to 100; 50 is the median, 100 the maximum.
        """
        if not self.latencies:
            return math.nan
        rank = math.ceil(len(self.latencies) * share / 100)
        return self.latencies[max(rank, 1) - 1]
