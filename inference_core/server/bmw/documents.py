"""What the OpenAPI document says of bodies and answers."""

from typing import Any

from inference_core.server.routes.documents import Responses

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_MODEL = {"type": "string", "description": "the model's id, as GET /load tells it, or its name"}
_IDS = {"type": "object", "additionalProperties": {"type": "string", "format": "uuid"}}
_SIDES = ("left", "top", "right", "bottom")
_BOX = {
    "type": "object",
    "required": ["ObjectClassName", "confidence", "coordinates", "ObjectClassId"],
    "properties": {
        "ObjectClassName": _TEXT,
        "confidence": {"type": "number", "minimum": 0, "maximum": 100},
        "coordinates": {"type": "object", "required": list(_SIDES), "properties": dict.fromkeys(_SIDES, _WHOLE)},
        "ObjectClassId": _WHOLE,
    },
}
_BOXES = {
    "type": "object",
    "required": ["bounding-boxes"],
    "properties": {"bounding-boxes": {"type": "array", "items": _BOX}},
}
_API_RESPONSE = {
    "type": "object",
    "required": ["success", "data", "error"],
    "properties": {"success": {"const": True}, "data": {"type": "null"}, "error": {"const": ""}},
}


def _success(description: str, schema: dict[str, Any]) -> Responses:
    return {200: {"description": description, "content": {"application/json": {"schema": schema}}}}


def _form(required: dict[str, Any], *kinds: str) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": required}
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


MODEL_IDS = _success("the id of each model, by its name", _IDS)
LABEL_IDS = _success("the id of each label, by its name", _IDS)
BOXES = _success("the objects, best first", _BOXES)
LOADED = _success("it is loaded", _API_RESPONSE)
DETECT_FORM = _form({"model": _MODEL, "image": {"type": "string", "format": "binary"}}, "multipart/form-data")
MODEL_FORM = _form({"model": _MODEL}, "multipart/form-data", "application/x-www-form-urlencoded")
