"""The ASGI application: one app for the HTTP server and for the Azure Function."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from inference_core import __version__
from inference_core.server.answers import install_error_handlers
from inference_core.server.routes import router
from inference_core.server.service import Service
from inference_core.settings import Settings


def create_app(service: Service) -> FastAPI:
    """Builds the application. Its lifespan starts and stops `service`; a host without lifespan does that itself."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="Satchel",
        version=__version__,
        summary="Trained vision models, packed and served.",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.service = service
    app.add_route("/", _to_docs, include_in_schema=False)
    app.include_router(router)
    install_error_handlers(app)
    return app


async def _to_docs(request: Request) -> Response:
    """Whoever comes without a path is shown what there is."""
    return RedirectResponse("docs")


def app_from_environment() -> FastAPI:
    """The application for a server that starts it by name, such as uvicorn with several workers."""
    return create_app(Service(Settings.from_environment(os.environ)))
