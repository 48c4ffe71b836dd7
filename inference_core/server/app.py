"""The ASGI application: one app for the HTTP server and for the Azure Function."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from inference_core import __version__
from inference_core.server import bmw, metrics, oip, page, routes, tfs
from inference_core.server.answers import install_error_handlers
from inference_core.server.direct import Directly
from inference_core.server.draining import drain_first
from inference_core.server.envelope import Envelope
from inference_core.server.head import HeadGuard
from inference_core.server.intake import Intake
from inference_core.server.logs import configure_logging
from inference_core.server.security import KeyGuard, KeyRing, add_cors
from inference_core.server.service import Service
from inference_core.server.traces import traces_from_environment
from inference_core.settings import Settings

_GRACE = 30  # seconds that gRPC calls under way may take at the end


def create_app(service: Service) -> FastAPI:
    """Builds the application. Its lifespan starts and stops `service`; a host without lifespan does that itself."""
    traces = traces_from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as undo:
            if traces is not None:
                undo.callback(traces.close)
            await service.start()
            undo.push_async_callback(service.stop)
            await undo.enter_async_context(_grpc(service))
            yield
            service.drain()

    app = FastAPI(
        title="Satchel",
        version=__version__,
        summary="Trained vision models, packed and served.",
        lifespan=lifespan,
        docs_url=None,  # the page has its own, which needs no other host
        redoc_url=None,
    )
    app.state.service = service
    app.state.metrics = service.metrics
    for door in (routes, page, metrics, oip, tfs, bmw):
        app.include_router(door.router)
    app.add_middleware(Directly, routes=(*routes.DIRECT, *oip.DIRECT))
    app.add_middleware(Intake, limit=service.settings.max_bodies_mb * 2**20)
    install_error_handlers(app)
    app.add_middleware(HeadGuard)
    if service.settings.api_keys:
        app.add_middleware(KeyGuard, keys=KeyRing(service.settings.api_keys))
    add_cors(app, service.settings)
    app.add_middleware(Envelope, metrics=service.metrics, traces=traces)
    return app


@asynccontextmanager
async def _grpc(service: Service) -> AsyncIterator[None]:
    """The gRPC door, where the settings give it a port."""
    settings = service.settings
    if settings.grpc_port is None:
        yield
        return
    from inference_core.server.grpc import GrpcDoor  # an extra of its own

    door = GrpcDoor(service, KeyRing(settings.api_keys) if settings.api_keys else None)
    await door.start(settings.host, settings.grpc_port)
    try:
        yield
    finally:
        await door.stop(_GRACE)


def app_from_environment() -> FastAPI:
    """The application for a server that starts it by name, such as uvicorn with several workers."""
    settings = Settings.from_environment(os.environ)
    configure_logging(settings.log_format)
    service = Service(settings)
    drain_first(service)
    return create_app(service)
