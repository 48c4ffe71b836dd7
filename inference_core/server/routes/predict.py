"""Prediction, as the OpenAPI document has it: on one picture, on several, and drawn."""

from typing import Any

from fastapi import APIRouter, Response

from inference_core.server.prediction import predict, predict_batch, predict_image
from inference_core.server.routes.documents import (
    ERROR_SCHEMA,
    IMAGE_ERRORS,
    ONE_IMAGE,
    SEVERAL_IMAGES,
    URL_ERRORS,
    errors,
)
from inference_core.tasks import Result

router = APIRouter(tags=["inference"])

_BATCH_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {"anyOf": [{"$ref": "#/components/schemas/Result"}, ERROR_SCHEMA]},
        }
    },
}
_PICTURE = {"schema": {"type": "string", "format": "binary"}}

router.post(
    "/models/{name}/predict",
    summary="Predict on one image",
    responses={200: {"model": Result}, **IMAGE_ERRORS, **URL_ERRORS},
    openapi_extra=ONE_IMAGE,
)(predict)
router.post(
    "/models/{name}/predict_batch",
    summary="Predict on several images",
    responses={
        200: {"description": "an outcome for each image", "content": {"application/json": {"schema": _BATCH_SCHEMA}}},
        **IMAGE_ERRORS,
    },
    openapi_extra=SEVERAL_IMAGES,
)(predict_batch)
router.post(
    "/models/{name}/predict_image",
    summary="Draw the predictions on one image",
    responses={
        200: {"description": "the annotated picture", "content": {"image/png": _PICTURE, "image/jpeg": _PICTURE}},
        **IMAGE_ERRORS,
        **URL_ERRORS,
        **errors({406: "neither PNG nor JPEG is accepted"}),
    },
    response_class=Response,
    openapi_extra=ONE_IMAGE,
)(predict_image)
