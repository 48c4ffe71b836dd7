"""The error tree: codes and statuses that callers rely on, and the shape of the body."""

import pytest

from inference_core import errors
from inference_core.errors import SatchelError

CONTRACT = {
    "SatchelError": ("internal_error", 500),
    "BadRequestError": ("bad_request", 400),
    "UnauthorizedError": ("unauthorized", 401),
    "ForbiddenError": ("forbidden", 403),
    "NotFoundError": ("not_found", 404),
    "MethodNotAllowedError": ("method_not_allowed", 405),
    "NotAcceptableError": ("not_acceptable", 406),
    "ConflictError": ("conflict", 409),
    "TooLargeError": ("too_large", 413),
    "UrlTooLongError": ("url_too_long", 414),
    "UnsupportedMediaError": ("unsupported_media_type", 415),
    "InvalidImageError": ("invalid_image", 422),
    "InvalidParameterError": ("invalid_parameter", 422),
    "BusyError": ("busy", 429),
    "HeadersTooLargeError": ("headers_too_large", 431),
    "BadGatewayError": ("upstream_failed", 502),
    "RemoteFailedError": ("remote_failed", 502),
    "NotReadyError": ("not_ready", 503),
    "RemoteUnavailableError": ("remote_unavailable", 503),
    "LoadFailedError": ("not_ready", 503),
    "DeadlineError": ("deadline_exceeded", 504),
    "BundleError": ("invalid_bundle", 503),
    "ManifestError": ("invalid_manifest", 503),
    "IntegrityError": ("integrity", 503),
    "PackError": ("pack_failed", 422),
    "ExportError": ("export_failed", 422),
    "EngineError": ("engine_failed", 500),
    "MissingDependencyError": ("missing_dependency", 503),
    "SettingsError": ("invalid_settings", 503),
    "UnreachableError": ("unreachable", 502),
}


def descendants(root: type[SatchelError]) -> list[type[SatchelError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in descendants(child))]


def test_every_error_keeps_its_code_and_status() -> None:
    ours = [kind for kind in descendants(SatchelError) if kind.__module__ == errors.__name__]
    assert {kind.__name__: (kind.code, kind.status) for kind in ours} == CONTRACT


@pytest.mark.parametrize("name", ["ManifestError", "IntegrityError"])
def test_whoever_catches_bundle_errors_catches_their_reasons(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.BundleError)


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "it broke"),
        ({"remedy": "mend it"}, "it broke\n  remedy: mend it"),
        ({"remedy": "c", "got": "", "expected": "b"}, "it broke\n  got: \n  expected: b\n  remedy: c"),
    ],
)
def test_an_error_says_its_facts_in_order_and_leaves_out_those_it_has_not(facts: dict[str, str], text: str) -> None:
    assert str(SatchelError("it broke", **facts)) == text


def test_the_body_has_every_key_even_without_a_fact() -> None:
    body = errors.NotFoundError("there is no model x", got="x").body()
    facts = {"message": "there is no model x", "got": "x", "expected": None, "remedy": None}
    assert body == {"error": {"code": "not_found"} | facts}
