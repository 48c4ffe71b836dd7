"""The error tree: every failure a caller can meet, each with a stable code and an HTTP status.

An error is a sentence with up to three facts: what was got, what was expected, and the remedy. Doors translate a
`SatchelError` with `body()` and `status`; anything else that escapes is a defect and answers 500.
"""

from typing import ClassVar


def first_line(error: Exception) -> str:
    """Of a message that a library made; its class where it made none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


class SatchelError(Exception):
    """Base of the tree.

    Args:
        message: one sentence that says what is wrong and where.
        got: the offending value, shortened for people.
        expected: what would have been accepted.
        remedy: what to do about it.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retry_after: int | None = None
    """Seconds after which the request may do better; None where waiting does not help. An error may have its own."""

    def __init__(
        self,
        message: str,
        *,
        got: str | None = None,
        expected: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        facts = {"got": self.got, "expected": self.expected, "remedy": self.remedy}
        return "\n  ".join([self.message, *(f"{k}: {v}" for k, v in facts.items() if v is not None)])

    def body(self) -> dict[str, dict[str, str | None]]:
        """The JSON body every door answers with."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "got": self.got,
                "expected": self.expected,
                "remedy": self.remedy,
            }
        }


class BadRequestError(SatchelError):
    """The request cannot be read: empty body, malformed JSON, broken multipart."""

    code = "bad_request"
    status = 400


class UnauthorizedError(SatchelError):
    """The request has no key, or one that opens nothing."""

    code = "unauthorized"
    status = 401


class ForbiddenError(SatchelError):
    """What was asked for is switched off here."""

    code = "forbidden"
    status = 403


class NotFoundError(SatchelError):
    """No such model or route."""

    code = "not_found"
    status = 404


class MethodNotAllowedError(SatchelError):
    """The route exists, but not for this method."""

    code = "method_not_allowed"
    status = 405


class NotAcceptableError(SatchelError):
    """The caller accepts none of the formats there are."""

    code = "not_acceptable"
    status = 406


class ConflictError(SatchelError):
    """What was asked for cannot be done in the present state."""

    code = "conflict"
    status = 409


class TooLargeError(SatchelError):
    """The body has too many bytes, or the image too many pixels."""

    code = "too_large"
    status = 413


class UrlTooLongError(SatchelError):
    """The request's URL is longer than any of ours."""

    code = "url_too_long"
    status = 414


class UnsupportedMediaError(SatchelError):
    """The content type, or the image format found in the bytes, is not one we read."""

    code = "unsupported_media_type"
    status = 415


class InvalidImageError(SatchelError):
    """The bytes claim to be an image of a known format, but cannot be decoded."""

    code = "invalid_image"
    status = 422


class InvalidParameterError(SatchelError):
    """A request parameter has the wrong type or is out of range."""

    code = "invalid_parameter"
    status = 422


class BusyError(SatchelError):
    """The model's queue is full."""

    code = "busy"
    status = 429
    retry_after = 1


class HeadersTooLargeError(SatchelError):
    """The request has too many headers, or too long ones."""

    code = "headers_too_large"
    status = 431


class BadGatewayError(SatchelError):
    """The host that a picture should come from did not give it."""

    code = "upstream_failed"
    status = 502


class RemoteFailedError(SatchelError):
    """An endpoint of the remote service answered, but not with what it was asked for."""

    code = "remote_failed"
    status = 502


class NotReadyError(SatchelError):
    """The service is starting or stopping."""

    code = "not_ready"
    status = 503
    retry_after: int | None = 1


class RemoteUnavailableError(NotReadyError):
    """No endpoint of the remote service can be used now."""

    code = "remote_unavailable"


class LoadFailedError(NotReadyError):
    """The models could not be loaded."""

    retry_after = None


class DeadlineError(SatchelError):
    """The caller's deadline passed before the answer was ready."""

    code = "deadline_exceeded"
    status = 504


class BundleError(SatchelError):
    """A bundle is unusable. The subclasses say why."""

    code = "invalid_bundle"
    status = 503


class ManifestError(BundleError):
    """`bundle.json` (or a recipe) does not follow the schema."""

    code = "invalid_manifest"


class IntegrityError(BundleError):
    """A file is missing, unlisted, altered, a link, or outside the bundle."""

    code = "integrity"


class PackError(SatchelError):
    """The model and the recipe do not fit together, or the trial run failed."""

    code = "pack_failed"
    status = 422


class ExportError(SatchelError):
    """What is to be exported and the server it is for do not go together, or there is no place to write it to."""

    code = "export_failed"
    status = 422


class EngineError(SatchelError):
    """The inference engine cannot load the artifact, or failed while running it."""

    code = "engine_failed"


class MissingDependencyError(SatchelError):
    """An optional package that this bundle needs is not installed."""

    code = "missing_dependency"
    status = 503


class SettingsError(SatchelError):
    """An environment variable has a value that cannot be used."""

    code = "invalid_settings"
    status = 503


class UnreachableError(SatchelError):
    """No Satchel server answers at the address: nothing listens there, or something else does."""

    code = "unreachable"
    status = 502
