"""What the OpenAPI document says of errors that are one sentence, `{"error": "..."}`: see `answers.error_answer`."""

from collections.abc import Mapping
from typing import Any

Responses = dict[int | str, dict[str, Any]]

_CONTENT = {
    "application/json": {
        "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    }
}

ANY_PLAIN_ERROR: Responses = {"default": {"description": "any other error, in words", "content": _CONTENT}}


def plain_errors(meanings: Mapping[int, str]) -> Responses:
    """The error responses of a route, for the OpenAPI document."""
    return {status: {"description": text, "content": _CONTENT} for status, text in meanings.items()}
