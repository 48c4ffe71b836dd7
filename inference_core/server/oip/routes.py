"""The routes below /v2."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from inference_core.errors import BadRequestError
from inference_core.oip.fields import Json, member
from inference_core.server.answers import answer
from inference_core.server.body import receive_body
from inference_core.server.oip.description import (
    repository_index,
)
from inference_core.server.oip.direct import live, model_ready, ready, run, show_config, show_model, show_server
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


router.get("", summary="What serves here?")(show_server)
router.get("/health/live", summary="Is the process alive?")(live)
router.get("/health/ready", summary="Can it predict?")(ready)
router.get("/models/{name}/versions/{version}/ready", summary="Is a version ready?")(model_ready)
router.get("/models/{name}/ready", summary="Is a model ready?")(model_ready)
router.get("/models/{name}/versions/{version}", summary="A version's tensors")(show_model)
router.get("/models/{name}", summary="A model's tensors")(show_model)
router.get("/models/{name}/versions/{version}/config", summary="A version's configuration")(show_config)
router.get("/models/{name}/config", summary="A model's configuration")(show_config)
router.post(
    "/models/{name}/versions/{version}/infer",
    summary="Infer by a version",
    openapi_extra=_infer_document("name", "version"),
)(run)
router.post("/models/{name}/infer", summary="Infer", openapi_extra=_infer_document("name"))(run)


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
