"""What the OpenAPI document says of bodies and errors."""

from typing import Any

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FILES = {"type": "array", "items": _BINARY["schema"]}
_BASE64 = {"type": "string", "description": "base64 of the file"}


def _parameter(name: str, place: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "description": description, "schema": schema}


_PREDICT_PARAMETERS = [
    _parameter("name", "path", "The model's name.", {"type": "string"}),
    _parameter(
        "confidence",
        "query",
        "Least score, in place of the configured one.",
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    _parameter(
        "max_predictions",
        "query",
        "Most predictions, in place of the configured number.",
        {"type": "integer", "minimum": 1, "maximum": 100_000},
    ),
    _parameter("version", "query", "The model's version; without it the newest.", {"type": "string"}),
    _parameter("X-Timeout-Ms", "header", "Milliseconds that it may take.", {"type": "integer", "minimum": 1}),
]


def _body(description: str, content: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "description": description, "content": content}
    return {"parameters": _PREDICT_PARAMETERS, "requestBody": body}


def _object(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {"type": "object", "required": [key], "properties": {key: schema}}}


ONE_IMAGE = _body(
    "The picture: JPEG, PNG, WebP or BMP. The raw body is the quickest way.",
    {
        **dict.fromkeys(
            ("image/jpeg", "image/png", "image/webp", "image/bmp", "application/octet-stream"),
            _BINARY,
        ),
        "multipart/form-data": _object("image", _BINARY["schema"]),
        "application/json": {
            "schema": {
                "oneOf": [
                    _object("image", _BASE64)["schema"],
                    _object("url", {"type": "string", "description": "on a host of SATCHEL_URL_HOSTS"})["schema"],
                ]
            }
        },
    },
)
SEVERAL_IMAGES = _body(
    "The pictures, at most SATCHEL_MAX_IMAGES: files of a form, or base64 in JSON.",
    {
        "multipart/form-data": _object("images", _FILES),
        "application/json": _object("images", {"type": "array", "items": _BASE64}),
    },
)

ERROR_SCHEMA = {
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
_ERROR_CONTENT = {"application/json": {"schema": ERROR_SCHEMA}}

Responses = dict[int | str, dict[str, Any]]

ANY_ERROR: Responses = {"default": {"description": "any other error", "content": _ERROR_CONTENT}}


def errors(meanings: dict[int, str]) -> Responses:
    """The error responses of a route, each in the one shape."""
    return {status: {"description": text, "content": _ERROR_CONTENT} for status, text in meanings.items()}


NOT_READY = errors({503: "not ready, with the reason"})
MODEL_ERRORS = errors({404: "no such model", 422: "a parameter that cannot be used"}) | NOT_READY
IMAGE_ERRORS = MODEL_ERRORS | errors(
    {
        400: "empty or malformed body",
        413: "body or image too large",
        415: "not an image of a known format",
        422: "damaged image, or a parameter out of range",
        429: "queue full, see Retry-After",
        502: "the remote service, if models run at one, answered otherwise than it should",
        504: "took too long",
    }
)
URL_ERRORS = errors(
    {403: "pictures may not be fetched from there", 502: "the picture cannot be fetched, or as for other pictures"}
)
ADMIN_ERRORS = MODEL_ERRORS | errors(
    {403: "changes are switched off", 409: "would reach one of several processes only", 422: "a value out of range"}
)
