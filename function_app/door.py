"""From the Functions worker to the ASGI application, which is started once and never at import.

Settings are read and models loaded with the first call. Whatever goes wrong then is the answer to every request, where
an error at import would leave an empty function list and no reason.
"""

import asyncio
import json
import logging
import os
from typing import TYPE_CHECKING

import azure.functions as func

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from inference_core.server import Service

_log = logging.getLogger("satchel")


class Door:
    """Starts the application on first use; concurrent first requests wait for the one start."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._app: ASGIApp | None = None

    async def answer(self, req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        """The application's answer; while it cannot be started at all, 503 with the reason."""
        try:
            app = await self.open()
        except Exception as error:  # the next request tries again, and meanwhile the caller learns why
            _log.exception("the application cannot be started")
            return _unavailable(error)
        response: func.HttpResponse = await func.AsgiMiddleware(app).handle_async(req, context)  # type: ignore[no-untyped-call]
        return response

    async def open(self) -> "ASGIApp":
        """The application, its models loaded, or failed to load: then its answers say so.

        Raises:
            SettingsError: an environment variable cannot be used.
            ImportError: the deployment lacks a package.
        """
        async with self._lock:
            if self._app is None:
                app, service = await asyncio.to_thread(_build)
                await _start(service)
                self._app = app
            return self._app


async def _start(service: "Service") -> None:
    from inference_core.errors import SatchelError

    try:
        await service.start()
    except SatchelError:
        _log.exception("the models cannot be loaded")


def _build() -> "tuple[ASGIApp, Service]":
    """Imports and builds the application; takes long enough to stay off the worker's event loop."""
    from inference_core.server import Service, create_app
    from inference_core.settings import Settings

    service = Service(Settings.from_environment(os.environ))
    return create_app(service), service


def _unavailable(error: Exception) -> func.HttpResponse:
    body = getattr(error, "body", None)
    facts = dict.fromkeys(("got", "expected", "remedy"))
    content = body() if callable(body) else {"error": {"code": "not_ready", "message": str(error), **facts}}
    return func.HttpResponse(json.dumps(content), status_code=503, mimetype="application/json")
