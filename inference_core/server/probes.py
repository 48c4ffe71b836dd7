"""The probes: whether the process lives, and whether it can predict."""

from starlette.requests import Request
from starlette.responses import Response

from inference_core.server.answers import answer
from inference_core.server.direct import DirectRoute
from inference_core.server.service import Service


async def live(request: Request) -> Response:
    """Always 200 while the process answers."""
    return answer({"status": "live"})


async def ready(request: Request) -> Response:
    """200 once every model is loaded and warm, or waits for its first request where that is wanted."""
    service: Service = request.app.state.service
    return answer({"status": "ready", "models": service.ready()})


DIRECT = (DirectRoute("GET", "/health/live", live), DirectRoute("GET", "/health/ready", ready))
