"""The ASGI application: one app for the HTTP server and for the Azure Function."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp

from inference_core.server import metrics, prediction, probes
from inference_core.server.answers import DefectGuard
from inference_core.server.bmw import direct as bmw
from inference_core.server.deferred import Deferred
from inference_core.server.direct import Directly
from inference_core.server.draining import drain_first
from inference_core.server.envelope import Envelope
from inference_core.server.head import HeadGuard
from inference_core.server.intake import Intake
from inference_core.server.logs import configure_logging
from inference_core.server.oip import direct as oip
from inference_core.server.security import KeyGuard, KeyRing, add_cors
from inference_core.server.service import Service
from inference_core.server.tfs import direct as tfs
from inference_core.server.traces import traces_from_environment
from inference_core.settings import Settings

DIRECT = [route for door in (prediction, oip, tfs, bmw, probes, metrics) for route in door.DIRECT]

_GRACE = 30  # seconds that gRPC calls under way may take at the end


def create_app(service: Service) -> Starlette:
    """Builds the application. Its lifespan starts and stops `service`; a host without lifespan does that itself."""
    traces = traces_from_environment(os.environ)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as undo:
            if traces is not None:
                undo.callback(traces.close)
            await service.start()
            undo.push_async_callback(service.stop)
            await undo.enter_async_context(_grpc(service))
            yield
            service.drain()

    def build() -> ASGIApp:
        from inference_core.server.api import create_api

        return create_api(app.state)

    app = Starlette(lifespan=lifespan)
    app.state.service = service
    app.state.metrics = service.metrics
    app.router.default = Deferred(build)
    app.add_middleware(Directly, routes=DIRECT)
    app.add_middleware(Intake, limit=service.settings.max_bodies_mb * 2**20)
    app.add_middleware(DefectGuard)
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


def app_from_environment() -> Starlette:
    """The application for a server that starts it by name, such as uvicorn with several workers."""
    settings = Settings.from_environment(os.environ)
    configure_logging(settings.log_format)
    service = Service(settings)
    drain_first(service)
    return create_app(service)
