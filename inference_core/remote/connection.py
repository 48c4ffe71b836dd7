"""What a connection to one endpoint does, whatever protocol it speaks, and how it says that a call failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.predictor import Outcome


class Failure(Enum):
    """Why a call has no answer. The values are those of the metrics' label `outcome`."""

    UNREACHABLE = "unreachable"
    """No connection could be made: nothing was sent."""
    UNTRUSTED = "untrusted"
    """The endpoint's certificate does not hold: nothing was sent."""
    BROKEN = "broken"
    """The connection ended before the answer did."""
    TIMEOUT = "timeout"
    """The endpoint did not answer in time."""
    BUSY = "busy"
    """The endpoint is up and cannot take it now: 429, or RESOURCE_EXHAUSTED."""
    NOT_READY = "not_ready"
    """The endpoint, or a gateway before it, is not ready: 502, 503, 504, or UNAVAILABLE."""
    DENIED = "denied"
    """It wants other credentials: 401, 403, or what gRPC has for them."""
    REFUSED = "refused"
    """It will not do what it was asked for, now or later: any other 4xx, such as a model that it does not have."""
    FAULT = "fault"
    """It failed: 500, or what gRPC has for it."""
    GARBAGE = "garbage"
    """Its answer cannot be read."""

    @property
    def is_passing(self) -> bool:
        """Whether the same call may do better at once elsewhere, or shortly here. An inference changes nothing there,
        so that asking twice does no harm."""
        return self in _PASSING

    @property
    def is_sick(self) -> bool:
        """Whether it speaks against the endpoint rather than against the call: what a breaker counts."""
        return self in _SICK


_PASSING = {Failure.UNREACHABLE, Failure.BROKEN, Failure.BUSY, Failure.NOT_READY}
_SICK = {
    Failure.UNREACHABLE,
    Failure.UNTRUSTED,
    Failure.BROKEN,
    Failure.TIMEOUT,
    Failure.NOT_READY,
    Failure.FAULT,
    Failure.GARBAGE,
}


class CallError(Exception):
    """A call that has no answer. It does not leave this package: the balancer retries, or makes a SatchelError of it.

    Args:
        kind: why.
        said: what the endpoint, or the transport, said; one line, shortened.
        retry_after: seconds after which the endpoint wants to be asked again, where it said so.
    """

    def __init__(self, kind: Failure, said: str, retry_after: float | None = None) -> None:
        super().__init__(said)
        self.kind = kind
        self.said = said
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class RemoteTensor:
    """A tensor as the endpoint describes it."""

    name: str
    dtype: str
    """As in bundles: `float32`, `string`, ..."""
    shape: tuple[int, ...] | None
    """With -1 for what is not fixed; None where the endpoint says nothing of it."""


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """What an endpoint says of the model."""

    inputs: tuple[RemoteTensor, ...]
    outputs: tuple[RemoteTensor, ...]
    takes_images: bool = False
    """Whether it has the input of encoded pictures that the split `image` needs."""


class Connection(Protocol):
    """One endpoint, over one protocol, for one model. Threads may share it; every call waits `timeout` seconds at most.

    Every method but `close` raises CallError.
    """

    def is_ready(self, timeout: float) -> bool:
        """Whether the model can be asked there now."""

    def describe(self, timeout: float) -> RemoteModel | None:
        """The model's tensors; None where the protocol has no words for them."""

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """The outputs for `inputs`: by name, each of them whole."""

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> list[Outcome]:
        """One outcome for each encoded picture, in order: a picture that the endpoint refuses fails alone.

        Only protocols that can carry encoded pictures have it. `limits` is as long as `images`, or empty.
        """

    def close(self) -> None:
        """Ends what is open."""
