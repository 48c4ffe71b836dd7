"""What the OpenAPI document says of bodies and answers."""

from typing import Any

from inference_core.server.plain_errors import Responses, plain_errors

_SIGNATURE = {"type": "string", "enum": ["serving_default", ""]}
_ANY = {"description": "a value, lists of values, or an object of either by name"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _object(required: dict[str, Any], **optional: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": required | optional}


def _body(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "description": description, "content": _json(schema)}}


def _success(description: str, schema: dict[str, Any]) -> Responses:
    return {200: {"description": description, "content": _json(schema)}}


_LIST = {"type": "array", "minItems": 1, "items": {}}
_VERSION_STATUS = _object(
    {
        "version": {"type": "string"},
        "state": {"enum": ["START", "LOADING", "AVAILABLE", "END"]},
        "status": _object({"error_code": {"type": "string"}, "error_message": {"type": "string"}}),
    }
)

PREDICT_BODY = _body(
    'Tensors by row or by column; or encoded pictures, each `{"b64": "..."}`, which run the whole pipeline.',
    {
        "oneOf": [
            _object({"instances": _LIST}, signature_name=_SIGNATURE),
            _object({"inputs": _ANY}, signature_name=_SIGNATURE),
        ]
    },
)
CLASSIFY_BODY = _body(
    "Pictures, each the one feature of an example.",
    _object({"examples": {**_LIST, "items": {"type": "object"}}}, signature_name=_SIGNATURE),
)
PREDICTED = _success(
    "predictions for instances, outputs for inputs",
    {"oneOf": [_object({"predictions": {"type": "array"}}), _object({"outputs": _ANY})]},
)
CLASSIFIED = _success("label and score of each class, for each example", _object({"results": {"type": "array"}}))
STATUS = _success(
    "the versions, the newest first", _object({"model_version_status": {"type": "array", "items": _VERSION_STATUS}})
)
METADATA = _success("the signature", _object({"model_spec": {"type": "object"}, "metadata": {"type": "object"}}))

MODEL_ERRORS = plain_errors({404: "no such model or version", 503: "not ready, with the reason"})
VERB_ERRORS = MODEL_ERRORS | plain_errors(
    {
        400: "it cannot be read, or does not fit the model",
        413: "body or image too large, or too many images",
        415: "not an image of a known format",
        422: "damaged image",
        429: "queue full, see Retry-After",
        504: "took too long",
    }
)
NO_REGRESSION = MODEL_ERRORS | plain_errors({400: "none of the tasks is a regression"})
