"""What load is sent to, and what comes back."""

from dataclasses import dataclass
from typing import Protocol

PATIENCE = 10.0
"""Seconds in which a server must take a connection, unless told otherwise."""


class MalformedAnswerError(ConnectionError):
    """What came back does not follow the protocol."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, good or bad."""

    status: int
    """Of HTTP, or the code of gRPC, where 0 is success."""
    bytes: int
    """Of its body."""
    name: str = ""
    """Under which the status is counted; the number where there is none."""
    error: str | None = None
    """The beginning of what a bad answer says."""

    @property
    def ok(self) -> bool:
        """Whether the server did what was asked."""
        return self.status == 0 or 200 <= self.status < 300


class Target(Protocol):
    """One way to ask a server. Calls may overlap."""

    async def open(self) -> None:
        """Makes sure that something listens; UnreachableError where nothing does."""

    async def call(self, index: int) -> Reply:
        """Sends request number `index` and waits for all of its answer.

        It may be cancelled at any time, and later calls must not suffer from that.

        Raises:
            OSError: there is no whole answer, and there will be none.
        """

    async def close(self) -> None:
        """Gives back every connection."""
