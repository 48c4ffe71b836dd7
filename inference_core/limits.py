"""Limits of what is published: how sure the model must be, and how many predictions are wanted at most."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller, or whoever runs the server, wants otherwise than the bundle says. None leaves it to the bundle."""

    confidence: float | None = None
    """Least score, 0 to 1."""
    max_predictions: int | None = None
    """At least 1."""

    def over(self, other: "Limits") -> Self:
        """These limits, and those of `other` where these say nothing."""
        return type(self)(
            other.confidence if self.confidence is None else self.confidence,
            other.max_predictions if self.max_predictions is None else self.max_predictions,
        )


AS_PACKED = Limits()
"""What the bundle says."""
