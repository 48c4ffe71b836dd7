"""What becomes of a call that no endpoint answered: our error, which says who was asked and what was said."""

import math
from collections.abc import Sequence

from inference_core.errors import DeadlineError, RemoteFailedError, RemoteUnavailableError, SatchelError
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.endpoint import Endpoint

_UNAVAILABLE = {
    Failure.UNREACHABLE: ("cannot be reached", "see that it runs, or correct SATCHEL_REMOTE_URL"),
    Failure.UNTRUSTED: ("has a certificate that does not hold", "renew it, or set SATCHEL_REMOTE_CA"),
    Failure.BROKEN: ("broke off before its answer was whole", "try again; see whether it restarts"),
    Failure.BUSY: ("is busy", "try again shortly; give the service more room, or lower SATCHEL_REMOTE_CONCURRENCY"),
    Failure.NOT_READY: ("is not ready", "try again shortly"),
}
_FAILED = {
    Failure.DENIED: ("denies access", "set SATCHEL_REMOTE_TOKEN, SATCHEL_REMOTE_HEADER or SATCHEL_REMOTE_IDENTITY"),
    Failure.REFUSED: ("refuses the request", "see that it serves this bundle's model, under SATCHEL_REMOTE_MODEL"),
    Failure.FAULT: ("failed", "look at its log"),
    Failure.GARBAGE: ("gave an answer that cannot be used", "see that it speaks SATCHEL_REMOTE_PROTOCOL"),
}


def verdict(url: str, error: CallError, timeout: float) -> SatchelError:
    """DeadlineError (504), RemoteUnavailableError (503) or RemoteFailedError (502).

    Args:
        url: of the endpoint that was asked last.
        error: why it gave no answer.
        timeout: seconds it had.
    """
    if error.kind is Failure.TIMEOUT:
        return DeadlineError(
            f"{url} did not answer in time",
            got=error.said,
            expected=f"an answer within {timeout:.3g} s",
            remedy="allow more time, or raise SATCHEL_REMOTE_READ_MS",
        )
    if error.kind in _UNAVAILABLE:
        happened, remedy = _UNAVAILABLE[error.kind]
        unavailable = RemoteUnavailableError(f"{url} {happened}", got=error.said, remedy=remedy)
        if error.retry_after is not None:
            unavailable.retry_after = math.ceil(error.retry_after)
        return unavailable
    happened, remedy = _FAILED[error.kind]
    return RemoteFailedError(f"{url} {happened}", got=error.said, remedy=remedy)


def none_usable(model: str, endpoints: Sequence[Endpoint]) -> RemoteUnavailableError:
    """For a call that found no endpoint to ask."""
    return RemoteUnavailableError(
        f"no endpoint can be asked for {model} now",
        got="; ".join(endpoint.why_out() for endpoint in endpoints),
        expected="one that is ready",
        remedy="look at the remote service; it is asked again as soon as it is ready",
    )
