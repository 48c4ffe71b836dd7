"""Every error of the tree has a code of gRPC, and only defects are INTERNAL."""

import grpc

from inference_core import errors
from inference_core.errors import EngineError, PackError, SatchelError, SettingsError, TooLargeError
from inference_core.server.grpc.status import status_code


def tree(root: type[SatchelError] = SatchelError) -> set[type[SatchelError]]:
    return {root}.union(*(tree(child) for child in root.__subclasses__()))


def test_codes_follow_the_status() -> None:
    code = grpc.StatusCode
    assert status_code(errors.BadRequestError("x")) is code.INVALID_ARGUMENT
    assert status_code(errors.InvalidImageError("x")) is code.INVALID_ARGUMENT
    assert status_code(TooLargeError("x")) is code.INVALID_ARGUMENT
    assert status_code(errors.UnauthorizedError("x")) is code.UNAUTHENTICATED
    assert status_code(errors.ForbiddenError("x")) is code.PERMISSION_DENIED
    assert status_code(errors.NotFoundError("x")) is code.NOT_FOUND
    assert status_code(errors.ConflictError("x")) is code.FAILED_PRECONDITION
    assert status_code(errors.BusyError("x")) is code.RESOURCE_EXHAUSTED
    assert status_code(errors.NotReadyError("x")) is code.UNAVAILABLE
    assert status_code(SettingsError("x")) is code.UNAVAILABLE
    assert status_code(errors.DeadlineError("x")) is code.DEADLINE_EXCEEDED
    assert status_code(EngineError("x")) is code.INTERNAL


def test_no_refusal_is_taken_for_a_defect() -> None:
    assert PackError in tree()
    for kind in tree():
        assert (status_code(kind("x")) is grpc.StatusCode.INTERNAL) == (kind.status in (500, 502)), kind
