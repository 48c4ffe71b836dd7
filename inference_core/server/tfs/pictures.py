"""Encoded pictures among JSON values: `{"b64": "..."}`, by itself or as the only value of an object."""

import base64
from collections.abc import Sequence

from inference_core.errors import BadRequestError


def picture_of(value: object) -> object:
    """The text of a value that is `{"b64": text}` or `{name: {"b64": text}}`; None where it is neither."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    if "b64" in value:
        found: object = value["b64"]
        return found
    [inner] = value.values()
    return inner["b64"] if isinstance(inner, dict) and inner.keys() == {"b64"} else None


def pictures_of_rows(rows: Sequence[object]) -> list[bytes]:
    """The pictures of `instances`; none where they are no pictures.

    Raises:
        BadRequestError: only some are pictures, or one is no base64.
    """
    found = [picture_of(row) for row in rows]
    if all(text is None for text in found):
        return []
    return [decode(text, number) for number, text in enumerate(found)]


def pictures_of_columns(content: object) -> list[bytes]:
    """The pictures of `inputs`: one, a list of them, or either as the only named input; none where it has no pictures.

    Raises:
        BadRequestError: only some are pictures, or one is no base64.
    """
    if picture_of(content) is not None:
        return pictures_of_rows([content])
    if isinstance(content, dict) and len(content) == 1:
        [content] = content.values()
    return pictures_of_rows(content) if isinstance(content, list) else []


def decode(text: object, number: int) -> bytes:
    """The bytes that instance `number` gives in base64. Raises BadRequestError where it gives none."""
    if not isinstance(text, str):
        raise _no_picture(number, "another value" if text is None else type(text).__name__)
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # the base64 command breaks its lines
    except ValueError as error:
        raise _no_picture(number, f"no base64: {error}") from error


def _no_picture(number: int, got: str) -> BadRequestError:
    return BadRequestError(
        f"instance {number} is no encoded picture",
        got=got,
        expected='{"b64": "<base64 of the file>"}, as the other instances' if number else '{"b64": "<base64>"}',
    )
