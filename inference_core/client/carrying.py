"""What both clients do alike: a call becomes a request of httpx, and what httpx says an answer or an error."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inference_core.client.answer import Answer
from inference_core.client.calls import Call
from inference_core.dependencies import require
from inference_core.errors import DeadlineError, InvalidParameterError, UnreachableError, first_line

if TYPE_CHECKING:
    import httpx

TIMEOUT = 30.0
"""Seconds that a call may take, unless told otherwise."""

_GRACE = 1.0
"""Seconds longer that an answer is waited for than the server was told: its own words on a deadline say more."""

_LONGEST = 999_999.0
"""Seconds that a server can be told."""

_PASSING = (429, 503)
"""Statuses of a server that may do better soon."""


def options(url: str, key: str | None) -> dict[str, Any]:
    """The arguments that a client of httpx is made with.

    Raises:
        MissingDependencyError: httpx is not installed.
        InvalidParameterError: the URL is none.
    """
    require("httpx", extra="client", purpose="the client")
    import httpx

    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _no_url(url) from error
    if parts.scheme not in ("http", "https") or not parts.host:
        raise _no_url(url)
    return {"base_url": url, "headers": {} if key is None else {"X-API-Key": key}}


def _no_url(url: str) -> InvalidParameterError:
    return InvalidParameterError("this is no URL of a server", got=url, expected="http://HOST:PORT, or https")


def arguments(call: Call[Any], timeout: float) -> dict[str, Any]:
    """Those of `httpx.Client.request`."""
    seconds = timeout if call.timeout is None else call.timeout
    told = {"X-Timeout-Ms": str(max(1, math.ceil(min(seconds, _LONGEST) * 1000)))} if call.is_inference else {}
    named: dict[str, Any] = {
        "method": call.method,
        "url": call.path,
        "params": {name: value for name, value in call.query.items() if value is not None},
        "headers": {**call.headers, **told},
        "timeout": seconds + _GRACE,
    }
    if call.files:
        named["files"] = [("images", (str(i), data, "application/octet-stream")) for i, data in enumerate(call.files)]
    if call.document is not None:
        named["json"] = call.document
    if call.body is not None:
        named["content"] = call.body
    return named


def answer_of(response: "httpx.Response") -> Answer:
    """The answer in a response that has been read."""
    return Answer(str(response.url), response.status_code, response.headers, response.content)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns what httpx raises meanwhile into errors of the tree."""
    import httpx

    try:
        yield
    except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout) as error:
        raise DeadlineError(
            f"no answer came from {url} in time", got=type(error).__name__, remedy="allow more time, or ask for less"
        ) from error
    except httpx.TransportError as error:
        raise UnreachableError(
            f"there is no connection to {url}", got=first_line(error), remedy="start the server, or correct the address"
        ) from error


def pause_before_retry(answer: Answer, retries: int, longest: float) -> float | None:
    """Seconds after which to ask again; None where the answer stands.

    Args:
        answer: the latest.
        retries: how many are left.
        longest: what is worth waiting for, seconds.
    """
    after = _retry_after(answer.headers)
    if retries < 1 or answer.status not in _PASSING or after is None or after > longest:
        return None
    return after


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, where the server names them; it may name a date instead."""
    text = headers.get("Retry-After", "")
    return float(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
