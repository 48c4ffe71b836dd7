"""The routes below /v2."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from inference_core.errors import BadRequestError
from inference_core.oip.fields import Json, member
from inference_core.server.answers import answer
from inference_core.server.body import receive_body
from inference_core.server.connection import while_connected
from inference_core.server.direct import DirectRoute
from inference_core.server.oip.description import (
    model_config,
    model_metadata,
    ready_entry,
    repository_index,
    server_metadata,
)
from inference_core.server.oip.exchange import read_request, write_response
from inference_core.server.oip.inference import infer
from inference_core.server.patience import patience_of
from inference_core.server.plain_errors import ANY_PLAIN_ERROR
from inference_core.server.routes.given import TheService
from inference_core.server.security import require_admin
from inference_core.server.service import Service

_SHORT = 2**20
"""Bytes that a body may have which holds no tensors."""

_INFER_BODY = {
    "required": True,
    "description": "Tensors as JSON, or as binary data behind the JSON. One BYTES input called image holds pictures.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["inputs"],
                "properties": {
                    "id": {"type": "string"},
                    "parameters": {"type": "object"},
                    "inputs": {"type": "array", "items": {"type": "object"}},
                    "outputs": {"type": "array", "items": {"type": "object"}},
                },
            }
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


def _infer_document(*parameters: str) -> dict[str, Any]:
    named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in parameters]
    return {"parameters": named, "requestBody": _INFER_BODY}


router = APIRouter(prefix="/v2", tags=["open inference protocol"], responses=ANY_PLAIN_ERROR)


@router.get("", summary="What serves here?")
async def show_server() -> Response:
    """Name, version and extensions of the server."""
    return answer(server_metadata())


@router.get("/health/live", summary="Is the process alive?")
async def live() -> Response:
    """Always 200 while the process answers."""
    return answer({"live": True})


@router.get("/health/ready", summary="Can it predict?")
async def ready(service: TheService) -> Response:
    """200 once models may be asked, else 503."""
    service.ready()
    return answer({"ready": True})


@router.get("/models/{name}/ready", summary="Is a model ready?")
@router.get("/models/{name}/versions/{version}/ready", summary="Is a version ready?")
async def model_ready(service: TheService, name: str, version: str | None = None) -> Response:
    """200 while the model is loaded, else 503."""
    return answer({"name": ready_entry(service, name, version).name, "ready": True})


@router.get("/models/{name}", summary="A model's tensors")
@router.get("/models/{name}/versions/{version}", summary="A version's tensors")
async def show_model(service: TheService, name: str, version: str | None = None) -> Response:
    """Versions, platform, inputs and outputs; and what pictures and results are called."""
    async with service.lease(name, version) as model:
        return answer(model_metadata(service, model))


@router.get("/models/{name}/config", summary="A model's configuration")
@router.get("/models/{name}/versions/{version}/config", summary="A version's configuration")
async def show_config(service: TheService, name: str, version: str | None = None) -> Response:
    """As Triton's clients read it."""
    async with service.lease(name, version) as model:
        return answer(model_config(model))


@router.post("/models/{name}/infer", summary="Infer", openapi_extra=_infer_document("name"))
@router.post(
    "/models/{name}/versions/{version}/infer",
    summary="Infer by a version",
    openapi_extra=_infer_document("name", "version"),
)
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


@router.post("/repository/index", summary="Which models are there?")
async def show_index(request: Request, service: TheService) -> Response:
    """Every version of every model with its state; with `{"ready": true}` only those that are ready."""
    return answer(
        repository_index(service, ready=member(await _document(request, service), "ready", bool, default=False))
    )


@router.post("/repository/models/{name}/load", summary="Load a model")
async def load(request: Request, service: TheService, name: str) -> Response:
    """Loads it, or loads it again where its files have changed. Refused unless SATCHEL_ADMIN is on."""
    require_admin(service)
    if member(await _document(request, service), "parameters", dict, {}):
        raise BadRequestError("a bundle is loaded as it is", expected="no parameters", remedy="pack another bundle")
    await service.load(name)
    return answer({})


@router.post("/repository/models/{name}/unload", summary="Unload a model")
async def unload(service: TheService, name: str) -> Response:
    """Unloads it once its requests are answered. Refused unless SATCHEL_ADMIN is on."""
    require_admin(service)
    await service.unload(name)
    return answer({})


async def _document(request: Request, service: Service) -> Json:
    """The JSON object of the body; an empty one for no body."""
    body = await receive_body(request, _SHORT, patience_of(request, service.settings))
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadRequestError("the body is no JSON", got=str(error), expected="an object, or nothing") from error
    if not isinstance(document, dict):
        raise BadRequestError("the body is no JSON object", got=type(document).__name__, expected="an object")
    return document


DIRECT = tuple(DirectRoute(f"/v2/models/{{name}}{part}/infer", run) for part in ("", "/versions/{version}"))
"""What has to be quickest."""
