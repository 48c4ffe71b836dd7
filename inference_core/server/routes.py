"""The routes: what can be asked over HTTP. Each is a thin step onto the service."""

import dataclasses
import platform
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from inference_core import __version__
from inference_core.engines import engine_versions
from inference_core.imaging import imaging_paths
from inference_core.repository import Model
from inference_core.server.answers import answer
from inference_core.server.body import read_image
from inference_core.server.connection import while_connected
from inference_core.server.service import Service
from inference_core.tasks import Result
from inference_core.tasks.native import postprocessing_path

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_IMAGE_BODY = {
    "required": True,
    "description": "The picture: JPEG, PNG, WebP or BMP. The raw body is the quickest way.",
    "content": {
        "image/jpeg": _BINARY,
        "image/png": _BINARY,
        "image/webp": _BINARY,
        "image/bmp": _BINARY,
        "application/octet-stream": _BINARY,
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["image"], "properties": {"image": _BINARY["schema"]}}
        },
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "properties": {"image": {"type": "string", "description": "base64 of the file"}},
            }
        },
    },
}
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                **{name: {"type": ["string", "null"]} for name in ("got", "expected", "remedy")},
            },
        }
    },
}


_ERROR_CONTENT = {"application/json": {"schema": _ERROR_SCHEMA}}

router = APIRouter(responses={"default": {"description": "any other error", "content": _ERROR_CONTENT}})


def _errors(**meanings: str) -> dict[int | str, dict[str, Any]]:
    return {
        int(status.removeprefix("s")): {"description": text, "content": _ERROR_CONTENT}
        for status, text in meanings.items()
    }


_MODEL_ERRORS = _errors(s404="no such model", s503="not ready, with the reason")
_PREDICT_ERRORS = _MODEL_ERRORS | _errors(
    s400="empty or malformed body",
    s413="body or image too large",
    s415="not an image of a known format",
    s422="damaged image",
    s429="queue full, see Retry-After",
    s504="took too long",
)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(_service)]


async def _model(name: str, service: TheService) -> Model:
    return service.models.get(name)


TheModel = Annotated[Model, Depends(_model)]


@router.post(
    "/models/{name}/predict",
    tags=["inference"],
    summary="Predict on one image",
    responses={200: {"model": Result}, **_PREDICT_ERRORS},
    openapi_extra={"requestBody": _IMAGE_BODY},
)
async def predict(request: Request, model: TheModel, service: TheService) -> Response:
    """Runs the model on the picture in the body."""
    model.scheduler.check_room()
    image = await read_image(request, service.settings.max_body_mb * 2**20, service.settings.timeout_ms / 1e3)
    return answer(await while_connected(request, model.scheduler.predict(image)))


@router.get("/models", tags=["models"], summary="List the models", responses=_errors(s503="not ready, with the reason"))
async def list_models(service: TheService) -> Response:
    """Name, version, task and architecture of each model."""
    return answer({"models": [_summary(model) for model in service.models.all()]})


@router.get("/models/{name}", tags=["models"], summary="Describe a model", responses=_MODEL_ERRORS)
async def describe_model(model: TheModel) -> Response:
    """What the model is, where it came from, how it was measured, and what runs it."""
    manifest = model.manifest.model_dump(mode="json", include={"license", "source", "metrics", "provenance"})
    artifact = model.artifact.model_dump(mode="json", exclude_none=True)
    return answer(
        _summary(model)
        | manifest
        | {"digest": model.bundle.digest, "engine": dataclasses.asdict(model.engine), "artifact": artifact}
    )


@router.get("/models/{name}/labels", tags=["models"], summary="List a model's labels", responses=_MODEL_ERRORS)
async def list_labels(model: TheModel) -> Response:
    """Ids and names, in the order of the model's outputs."""
    return answer({"labels": [label.model_dump(exclude_none=True) for label in model.manifest.labels]})


@router.get("/models/{name}/config", tags=["models"], summary="Show a model's configuration", responses=_MODEL_ERRORS)
async def show_config(model: TheModel) -> Response:
    """The preprocessing and post-processing steps, thresholds included."""
    return answer(model.manifest.model_dump(mode="json", include={"preprocess", "postprocess"}, exclude_none=True))


@router.get("/health/live", tags=["health"], summary="Is the process alive?")
async def live() -> Response:
    """Always 200 while the process answers."""
    return answer({"status": "live"})


@router.get(
    "/health/ready", tags=["health"], summary="Can it predict?", responses=_errors(s503="not ready, with the reason")
)
async def ready(service: TheService) -> Response:
    """200 once every model is loaded and warm."""
    return answer({"status": "ready", "models": [model.manifest.name for model in service.models.all()]})


@router.get("/version", tags=["health"], summary="What is running?")
async def show_version() -> Response:
    """Versions of Satchel, Python and the engines."""
    return answer(
        {
            "satchel": __version__,
            "python": platform.python_version(),
            "engines": engine_versions(),
            "imaging": imaging_paths(),
            "postprocessing": postprocessing_path(),
        }
    )


def _summary(model: Model) -> dict[str, Any]:
    return model.manifest.model_dump(include={"name", "version", "task", "architecture"})
