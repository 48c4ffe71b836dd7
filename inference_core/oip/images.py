"""Encoded pictures over the protocol, as Satchel and what it exports to Triton and MLServer have them."""

from collections.abc import Mapping

from inference_core.errors import BadRequestError
from inference_core.limits import Limits

IMAGE_INPUT = "image"
"""The input of encoded pictures: BYTES [N] or [N, 1]."""
IMAGE_OUTPUT = "result"
"""The output: BYTES in the input's shape, for each picture the JSON of its result, or of its error."""
ERRORS_INSIDE = "errors_inside"
"""The parameter that makes the error of a single picture its element, as among several, instead of the request's."""


def read_limits(parameters: Mapping[str, object]) -> Limits:
    """The limits among the parameters of a request. Text stands for a number: some gRPC clients know no fractions.

    Raises:
        BadRequestError: `confidence` is not from 0 to 1, or `max_predictions` no whole number of at least 1.
    """
    confidence = _number(parameters, "confidence", "a number from 0 to 1")
    if confidence is not None and not 0 <= confidence <= 1:
        raise _unusable("confidence", confidence, "a number from 0 to 1")
    most = _number(parameters, "max_predictions", "a whole number of at least 1")
    if most is not None and (most < 1 or not most.is_integer()):
        raise _unusable("max_predictions", most, "a whole number of at least 1")
    return Limits(confidence, None if most is None else int(most))


def _number(parameters: Mapping[str, object], name: str, expected: str) -> float | None:
    value = parameters.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise _unusable(name, value, expected)


def _unusable(name: str, value: object, expected: str) -> BadRequestError:
    return BadRequestError(f"parameter {name} cannot be used", got=repr(value)[:40], expected=expected)
