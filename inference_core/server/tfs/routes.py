"""The routes below /v1."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response

from inference_core.errors import BadRequestError
from inference_core.repository import Model
from inference_core.server.answers import answer
from inference_core.server.body import receive_body
from inference_core.server.connection import while_connected
from inference_core.server.patience import Patience, patience_of
from inference_core.server.plain_errors import ANY_PLAIN_ERROR
from inference_core.server.routes.given import Name, TheService
from inference_core.server.service import Service
from inference_core.server.tfs.description import model_metadata, version_status
from inference_core.server.tfs.documents import (
    CLASSIFIED,
    CLASSIFY_BODY,
    METADATA,
    MODEL_ERRORS,
    NO_REGRESSION,
    PREDICT_BODY,
    PREDICTED,
    STATUS,
    VERB_ERRORS,
)
from inference_core.server.tfs.inference import Answered, classify, predict
from inference_core.server.tfs.values import to_json

router = APIRouter(prefix="/v1/models", tags=["TensorFlow Serving API"], responses=ANY_PLAIN_ERROR)

Verb = Callable[[Model, bytes, int, Patience], Coroutine[Any, Any, Answered]]


@router.get("/{name}", summary="State of a model's versions", responses=STATUS | MODEL_ERRORS)
@router.get("/{name}/versions/{version}", summary="State of a version", responses=STATUS | MODEL_ERRORS)
async def show_status(service: TheService, name: Name, version: str | None = None) -> Response:
    """Each version, the newest first: `AVAILABLE`, `LOADING`, `START` (its first request loads it) or `END`."""
    found = [service.models.entry(name, version)] if version else service.models.versions(name)
    return answer({"model_version_status": [version_status(entry) for entry in found]})


@router.get("/{name}/metadata", summary="A model's signature", responses=METADATA | MODEL_ERRORS)
@router.get("/{name}/versions/{version}/metadata", summary="A version's signature", responses=METADATA | MODEL_ERRORS)
async def show_metadata(service: TheService, name: Name, version: str | None = None) -> Response:
    """Names, types and shapes of the tensors."""
    async with service.lease(name, version) as model:
        return answer(model_metadata(model))


@router.post("/{name}:predict", summary="Predict", responses=PREDICTED | VERB_ERRORS, openapi_extra=PREDICT_BODY)
@router.post(
    "/{name}/versions/{version}:predict",
    summary="Predict with a version",
    responses=PREDICTED | VERB_ERRORS,
    openapi_extra=PREDICT_BODY,
)
async def run_predict(request: Request, service: TheService, name: Name, version: str | None = None) -> Response:
    """Runs the model on tensors, or the whole pipeline on encoded pictures."""
    return await _run(request, service, name, version, predict)


@router.post("/{name}:classify", summary="Classify", responses=CLASSIFIED | VERB_ERRORS, openapi_extra=CLASSIFY_BODY)
@router.post(
    "/{name}/versions/{version}:classify",
    summary="Classify with a version",
    responses=CLASSIFIED | VERB_ERRORS,
    openapi_extra=CLASSIFY_BODY,
)
async def run_classify(request: Request, service: TheService, name: Name, version: str | None = None) -> Response:
    """Runs the whole pipeline of a model for classification on encoded pictures."""
    return await _run(request, service, name, version, classify)


@router.post("/{name}:regress", summary="Not available", responses=NO_REGRESSION)
@router.post("/{name}/versions/{version}:regress", summary="Not available", responses=NO_REGRESSION)
async def run_regress(service: TheService, name: Name, version: str | None = None) -> Response:
    """Always 400, or 404 where there is no such model: none of the tasks is a regression."""
    entry = service.models.entry(name, version)
    raise BadRequestError(
        f"model {name} has no signature for regression",
        got=f"a model for {entry.manifest.task}",
        remedy="use :predict, which gives the outputs as they are",
    )


async def _run(request: Request, service: Service, name: str, version: str | None, verb: Verb) -> Response:
    settings = service.settings
    patience = patience_of(request, settings)
    async with service.lease(name, version) as model:
        model.scheduler.check_room()
        body = await receive_body(request, settings.max_body_mb * 2**20, patience)
        answered = await while_connected(request, verb(model, body, settings.max_images, patience))
    if len(answered.results) == 1:
        request.state.timings = answered.results[0].timings_ms
    return Response(to_json(answered.document), media_type="application/json")
