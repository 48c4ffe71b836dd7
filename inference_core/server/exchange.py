"""One HTTP request and its answer, as the log, the metrics and the traces tell of it."""

from collections.abc import Iterable
from typing import NamedTuple

from inference_core.tasks import Timings

UNMATCHED = "unmatched"
"""The route of a request that no route takes."""
CLIENT_LEFT = 499
"""The status told of a request whose client left before its answer began; the number is nginx's."""

STAGES = ("queue", "decode", "preprocess", "infer", "postprocess")
"""The fields of `Timings`, in the order that a picture goes through them."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PROBES = ("/health/", "/v2/health/", "/metrics")


class Exchange(NamedTuple):
    """What is known once the answer is out. Holds no body and no query."""

    request_id: str
    method: str
    """Of the common methods, or `OTHER`."""
    route: str
    """The template, such as `/models/{name}/predict`, or `UNMATCHED`."""
    path: str
    """As it was asked for; not to be used as a label."""
    model: str | None
    """A model that is being served, where the route names one."""
    status: int
    seconds: float
    """From the first byte of the request that the application saw to the last of the answer."""
    answered: float
    """Seconds until the answer began."""
    timings: Timings | None
    scheme: str = "http"
    headers: Iterable[tuple[bytes, bytes]] = ()
    """Of the request, as ASGI has them: for the trace that it belongs to. They may hold a key: never to be written."""

    @property
    def is_probe(self) -> bool:
        """Whether it only asked how the server is: counted, but neither logged nor traced."""
        return self.route.startswith(_PROBES)


def known_method(method: str) -> str:
    """`method`, or `OTHER`: a client may make names up, and each would be a time series."""
    return method if method in _METHODS else "OTHER"
