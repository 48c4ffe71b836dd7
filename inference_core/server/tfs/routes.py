"""The routes below /v1."""

from fastapi import APIRouter, Request, Response

from inference_core.errors import BadRequestError
from inference_core.server.plain_errors import ANY_PLAIN_ERROR
from inference_core.server.routes.given import Name, TheService
from inference_core.server.tfs import direct
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
from inference_core.server.tfs.inference import classify, predict

router = APIRouter(prefix="/v1/models", tags=["TensorFlow Serving API"], responses=ANY_PLAIN_ERROR)


@router.get("/{name}", summary="State of a model's versions", responses=STATUS | MODEL_ERRORS)
@router.get("/{name}/versions/{version}", summary="State of a version", responses=STATUS | MODEL_ERRORS)
async def show_status(request: Request, name: Name, version: str | None = None) -> Response:
    """Each version, the newest first: `AVAILABLE`, `LOADING`, `START` (its first request loads it) or `END`."""
    return await direct.show_status(request, name, version)


@router.get("/{name}/metadata", summary="A model's signature", responses=METADATA | MODEL_ERRORS)
@router.get("/{name}/versions/{version}/metadata", summary="A version's signature", responses=METADATA | MODEL_ERRORS)
async def show_metadata(request: Request, name: Name, version: str | None = None) -> Response:
    """Names, types and shapes of the tensors."""
    return await direct.show_metadata(request, name, version)


@router.post("/{name}:predict", summary="Predict", responses=PREDICTED | VERB_ERRORS, openapi_extra=PREDICT_BODY)
@router.post(
    "/{name}/versions/{version}:predict",
    summary="Predict with a version",
    responses=PREDICTED | VERB_ERRORS,
    openapi_extra=PREDICT_BODY,
)
async def run_predict(request: Request, name: Name, version: str | None = None) -> Response:
    """Runs the model on tensors, or the whole pipeline on encoded pictures."""
    return await direct.run(request, name, version, predict)


@router.post("/{name}:classify", summary="Classify", responses=CLASSIFIED | VERB_ERRORS, openapi_extra=CLASSIFY_BODY)
@router.post(
    "/{name}/versions/{version}:classify",
    summary="Classify with a version",
    responses=CLASSIFIED | VERB_ERRORS,
    openapi_extra=CLASSIFY_BODY,
)
async def run_classify(request: Request, name: Name, version: str | None = None) -> Response:
    """Runs the whole pipeline of a model for classification on encoded pictures."""
    return await direct.run(request, name, version, classify)


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
