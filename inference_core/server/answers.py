"""Answers: one JSON encoder for results, and one translator from errors to responses."""

import logging
from typing import TYPE_CHECKING

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_core.errors import (
    InvalidParameterError,
    MethodNotAllowedError,
    NotFoundError,
    SatchelError,
)

if TYPE_CHECKING:
    from fastapi import FastAPI

_log = logging.getLogger("satchel")

_PLAIN = ("/v1", "/v2")
"""Below these, clients know errors as `{"error": "sentence"}` alone."""


def answer(content: object, status: int = 200) -> Response:
    """JSON of dataclasses and plain values."""
    return Response(orjson.dumps(content), status, media_type="application/json")


def error_answer(error: SatchelError, scope: Scope) -> Response:
    """The response for an error of the tree, in the shape that the family of routes promises."""
    path = local_path(scope)
    plain = any(path == root or path.startswith(f"{root}/") for root in _PLAIN)
    response = answer({"error": str(error)} if plain else error.body(), error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def failure_answer(request: Request, error: SatchelError) -> Response:
    """`error_answer` for a request that failed; a failure of ours is logged."""
    if error.status == 500:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_answer(error, request.scope)


def local_path(scope: Scope) -> str:
    """The path that the router will see: without the prefix under which the application is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) if path == root or path.startswith(f"{root}/") else path


def install_error_handlers(app: "FastAPI") -> None:
    """Makes every failure of `app`, its own or the framework's, answer in the one error shape."""
    from fastapi.exceptions import RequestValidationError

    @app.exception_handler(SatchelError)
    async def ours(request: Request, error: SatchelError) -> Response:
        return failure_answer(request, error)

    @app.exception_handler(HTTPException)
    async def frameworks(request: Request, error: HTTPException) -> Response:
        kind = {404: NotFoundError, 405: MethodNotAllowedError}.get(error.status_code, InvalidParameterError)
        response = error_answer(
            kind(
                str(error.detail),
                got=f"{request.method} {request.url.path}",
                remedy="see /docs for the routes",
            ),
            request.scope,
        )
        response.status_code = error.status_code
        response.headers.update(error.headers or {})  # Allow, with a 405
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return error_answer(
            InvalidParameterError(
                f"parameter {place} cannot be used", got=repr(first.get("input")), expected=first["msg"]
            ),
            request.scope,
        )

    app.add_middleware(DefectGuard)


class DefectGuard:
    """Answers 500 for whatever is not an error of the tree.

    The framework's own guard answers and then raises again, and the Azure Functions worker throws such an answer away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note_start)
        except Exception:
            _log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if started:
                raise
            response = error_answer(SatchelError("an unexpected error occurred", remedy="see the server's log"), scope)
            await response(scope, receive, send)
