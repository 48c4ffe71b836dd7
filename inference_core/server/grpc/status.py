"""Errors of the tree as gRPC tells them."""

import logging
from typing import NoReturn

import grpc
from grpc.aio import ServicerContext

from inference_core.errors import SatchelError

_log = logging.getLogger("satchel")

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""By the HTTP status of an error. Any other below 500 is an INVALID_ARGUMENT, and the rest are INTERNAL."""

ERROR_CODE = "satchel-error-code"
"""Trailing metadata with the error's own code, which tells apart what one gRPC code stands for."""


def status_code(error: SatchelError) -> grpc.StatusCode:
    """The code for an error."""
    rest = grpc.StatusCode.INVALID_ARGUMENT if error.status < 500 else grpc.StatusCode.INTERNAL
    return _CODES.get(error.status, rest)


async def abort(context: ServicerContext, method: str, error: SatchelError) -> NoReturn:
    """Ends a call with an error; a defect is logged."""
    if error.status == 500:
        _log.error("gRPC %s failed", method, exc_info=error)
    await context.abort(status_code(error), str(error), ((ERROR_CODE, error.code),))
    raise AssertionError("abort raises")
