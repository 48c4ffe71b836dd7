"""The routes below /v2 that have to be quickest: inference, the probes, and what clients ask before."""

from starlette.requests import Request
from starlette.responses import Response

from inference_core.server.answers import answer
from inference_core.server.connection import while_connected
from inference_core.server.direct import DirectRoute, of_model
from inference_core.server.oip.description import (
    model_config,
    model_metadata,
    ready_entry,
    server_metadata,
)
from inference_core.server.oip.exchange import read_request, write_response
from inference_core.server.oip.inference import infer
from inference_core.server.patience import patience_of
from inference_core.server.service import Service


async def show_server(request: Request) -> Response:
    """Name, version and extensions of the server."""
    return answer(server_metadata())


async def live(request: Request) -> Response:
    """Always 200 while the process answers."""
    return answer({"live": True})


async def ready(request: Request) -> Response:
    """200 once models may be asked, else 503."""
    service: Service = request.app.state.service
    service.ready()
    return answer({"ready": True})


async def model_ready(request: Request, name: str, version: str | None = None) -> Response:
    """200 while the model is loaded, else 503."""
    service: Service = request.app.state.service
    return answer({"name": ready_entry(service, name, version).name, "ready": True})


async def show_model(request: Request, name: str, version: str | None = None) -> Response:
    """Versions, platform, inputs and outputs; and what pictures and results are called."""
    service: Service = request.app.state.service
    async with service.lease(name, version) as model:
        return answer(model_metadata(service, model))


async def show_config(request: Request, name: str, version: str | None = None) -> Response:
    """As Triton's clients read it."""
    service: Service = request.app.state.service
    async with service.lease(name, version) as model:
        return answer(model_config(model))


async def run(request: Request) -> Response:
    """Runs the model on tensors, or the whole pipeline on encoded pictures."""
    service: Service = request.app.state.service
    settings = service.settings
    patience = patience_of(request, settings)
    async with service.lease(request.path_params["name"], request.path_params.get("version")) as model:
        model.scheduler.check_room()
        asked = await read_request(request, settings.max_body_mb * 2**20, patience)
        response = await while_connected(request, infer(model, asked, settings, patience.left))
    if response.timings is not None:
        request.state.timings = response.timings
    return await write_response(request, asked, response)


DIRECT = (
    DirectRoute("POST", "/v2/models/{name}/infer", run),
    DirectRoute("POST", "/v2/models/{name}/versions/{version}/infer", run),
    DirectRoute("GET", "/v2", show_server),
    DirectRoute("GET", "/v2/health/live", live),
    DirectRoute("GET", "/v2/health/ready", ready),
    *(
        of_model("GET", f"/v2/models/{{name}}{part}{end}", handler)
        for end, handler in (("/ready", model_ready), ("", show_model), ("/config", show_config))
        for part in ("", "/versions/{version}")
    ),
)
