"""What a request gives beside its body: the service behind it, and the parameters that several routes have."""

import re

from starlette.requests import Request

from inference_core.errors import InvalidParameterError
from inference_core.limits import AS_PACKED, Limits
from inference_core.server.service import Service

_MOST_PREDICTIONS = 100_000


async def service_of(request: Request) -> Service:
    """The service behind the application."""
    service: Service = request.app.state.service
    return service


def limits_of(request: Request) -> Limits:
    """What the caller wants otherwise than configured: `confidence` and `max_predictions` of the query.

    Raises:
        InvalidParameterError: one of them cannot be used.
    """
    if not request.scope["query_string"]:
        return AS_PACKED
    confidence, most = (request.query_params.get(name) for name in ("confidence", "max_predictions"))
    return Limits(
        None if confidence is None else _confidence(confidence), None if most is None else _max_predictions(most)
    )


def version_of(request: Request) -> str | None:
    """The `version` of the query."""
    return request.query_params.get("version") if request.scope["query_string"] else None


def _confidence(text: str) -> float:
    if re.fullmatch(r"[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?", text) and 0 <= float(text) <= 1:
        return float(text)
    raise _unusable("confidence", text, "a number from 0 to 1")


def _max_predictions(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,6}", text) and 1 <= int(text) <= _MOST_PREDICTIONS:
        return int(text)
    raise _unusable("max_predictions", text, f"a whole number from 1 to {_MOST_PREDICTIONS}")


def _unusable(name: str, text: str, expected: str) -> InvalidParameterError:
    return InvalidParameterError(f"parameter query.{name} cannot be used", got=repr(text[:80]), expected=expected)
