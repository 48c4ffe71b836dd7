"""The routes below /v1 that have to be quickest: inference, and what clients ask before."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from inference_core.repository import Model
from inference_core.server.answers import answer
from inference_core.server.body import receive_body
from inference_core.server.connection import while_connected
from inference_core.server.direct import ModelHandler, of_model
from inference_core.server.patience import Patience, patience_of
from inference_core.server.service import Service
from inference_core.server.tfs.description import model_metadata, version_status
from inference_core.server.tfs.inference import Answered, classify, predict
from inference_core.server.tfs.values import to_json

Verb = Callable[[Model, bytes, int, Patience], Coroutine[Any, Any, Answered]]


async def show_status(request: Request, name: str, version: str | None) -> Response:
    """The state of a version, or of all."""
    service: Service = request.app.state.service
    found = [service.models.entry(name, version)] if version else service.models.versions(name)
    return answer({"model_version_status": [version_status(entry) for entry in found]})


async def show_metadata(request: Request, name: str, version: str | None) -> Response:
    """The signature."""
    service: Service = request.app.state.service
    async with service.lease(name, version) as model:
        return answer(model_metadata(model))


async def run(request: Request, name: str, version: str | None, verb: Verb) -> Response:
    """Answers one request for a model by one of the verbs."""
    service: Service = request.app.state.service
    settings = service.settings
    patience = patience_of(request, settings)
    async with service.lease(name, version) as model:
        model.scheduler.check_room()
        body = await receive_body(request, settings.max_body_mb * 2**20, patience)
        answered = await while_connected(request, verb(model, body, settings.max_images, patience))
    if len(answered.results) == 1:
        request.state.timings = answered.results[0].timings_ms
    return Response(to_json(answered.document), media_type="application/json")


def _verb(verb: Verb) -> ModelHandler:
    async def answered(request: Request, name: str, version: str | None) -> Response:
        return await run(request, name, version, verb)

    return answered


DIRECT = tuple(
    of_model(method, f"/v1/models/{{name}}{part}{end}", handler)
    for method, end, handler in (
        ("POST", ":predict", _verb(predict)),
        ("POST", ":classify", _verb(classify)),
        ("GET", "", show_status),
        ("GET", "/metadata", show_metadata),
    )
    for part in ("", "/versions/{version}")
)
