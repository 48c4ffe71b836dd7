"""Who may call: keys, the switch for changes at run time, and pages from other origins."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from inference_core.errors import ConflictError, ForbiddenError, UnauthorizedError
from inference_core.server.answers import error_answer, local_path
from inference_core.settings import Settings

CHALLENGE = 'Bearer realm="satchel"'
"""The `WWW-Authenticate` of a 401 (RFC 9110, 11.6.1)."""

_OPEN = frozenset({"/", "/docs", "/openapi.json", "/favicon.ico", "/favicon.svg"})
_OPEN_BELOW = ("/assets/", "/docs/", "/health/", "/v2/health/")


class KeyRing:
    """The keys that open the API, known by their digests alone.

    Args:
        digests: the SHA-256 of each key's UTF-8 bytes, in hexadecimal. A ring without digests opens for nobody.
    """

    def __init__(self, digests: Sequence[str]) -> None:
        self._digests = tuple(digest.lower() for digest in digests)

    def check(self, presented: str | None) -> None:
        """Lets a caller in. The time it takes tells nothing of the keys, nor of which one fits.

        Raises:
            UnauthorizedError: there is no key, or it is none of these.
        """
        if presented is None:
            raise UnauthorizedError(
                "the request carries no key",
                expected="X-API-Key: KEY, or Authorization: Bearer KEY",
                remedy="ask the operator for a key, and send it with every request",
            )
        if not any(self._matches(presented)):
            raise UnauthorizedError(
                "the key opens nothing here",
                expected="a key whose SHA-256 is in SATCHEL_API_KEYS",
                remedy="correct the key, or ask the operator for another",
            )

    def _matches(self, presented: str) -> list[bool]:
        """Of every digest: none is left out once one fits."""
        digest = hashlib.sha256(presented.encode(errors="surrogateescape")).hexdigest()
        return [hmac.compare_digest(digest, known) for known in self._digests]


class KeyGuard:
    """Middleware that answers 401, before a body is read, to whoever has no key.

    A key is presented as `X-API-Key: KEY` or `Authorization: Bearer KEY`; where both are sent the first counts. Open to
    all are the front page with its assets, the documentation, the health checks, and what `GET /v2` says. All else,
    `/metrics` too, needs a key. Whatever is not HTTP passes.

    Args:
        app: what is guarded.
        keys: the keys that open it.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["method"], local_path(scope)):
            try:
                self._keys.check(presented_key(scope["headers"]))
            except UnauthorizedError as error:
                response = error_answer(error, scope)
                response.headers["WWW-Authenticate"] = CHALLENGE
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def presented_key(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key among ASGI `headers`, or gRPC metadata in that form: names in lower case."""
    bearer = None
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip().decode(errors="surrogateescape")
        if name == b"authorization" and bearer is None:
            scheme, _, credentials = value.strip().partition(b" ")
            if scheme.lower() == b"bearer":
                bearer = credentials.strip().decode(errors="surrogateescape")
    return bearer


def _is_open(method: str, path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW) or (path == "/v2" and method in ("GET", "HEAD"))


class Administered(Protocol):
    """What has the settings that allow or forbid changes; a `Service` is one."""

    @property
    def settings(self) -> Settings:
        """Of this process."""


def require_admin(service: Administered) -> None:
    """Refuses changes at run time where they are switched off, or would reach one process of several.

    Raises:
        ForbiddenError: `SATCHEL_ADMIN` is off.
        ConflictError: there are several processes.
    """
    settings = service.settings
    if not settings.admin:
        raise ForbiddenError(
            "changes at run time are switched off here", got="SATCHEL_ADMIN=off", remedy="set SATCHEL_ADMIN=on"
        )
    if settings.workers > 1:
        raise ConflictError(
            "a change would reach one of several processes",
            got=f"SATCHEL_WORKERS={settings.workers}",
            expected="one process",
            remedy="serve with one worker, or restart with the change made",
        )


def add_cors(app: Starlette, settings: Settings) -> None:
    """Lets pages of `settings.cors_origins` call `app`; without origins, nothing.

    Add it after the `KeyGuard`, so that it lies outside: a browser's preflight carries no key.
    """
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-Id", "X-Timeout-Ms"],
            expose_headers=["Retry-After", "Server-Timing", "X-Request-Id"],
        )
