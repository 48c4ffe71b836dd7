"""What the body of a request asks for."""

from dataclasses import dataclass

import orjson

from inference_core.errors import BadRequestError
from inference_core.server.tfs.pictures import decode, picture_of, pictures_of_columns, pictures_of_rows

SIGNATURE = "serving_default"
"""The one that every model has."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The values of a `:predict` request."""

    by_row: bool
    """Whether they came as `instances`, else as `inputs`: the answer has the same form."""
    content: object
    pictures: list[bytes]
    """Encoded; empty where `content` is tensors."""


def read_predict(body: bytes) -> Asked:
    """What a `:predict` request holds.

    Raises:
        BadRequestError: it is not what the protocol allows.
    """
    document = _read_document(body)
    keys = [key for key in ("instances", "inputs") if key in document]
    if len(keys) != 1:
        raise BadRequestError(
            "the request does not say what to predict on",
            got=" and ".join(keys) or "neither instances nor inputs",
            expected="either instances or inputs",
        )
    content = document[keys[0]]
    if keys == ["inputs"]:
        return Asked(False, content, pictures_of_columns(content))
    if not isinstance(content, list) or not content:
        raise BadRequestError(
            "instances is no list of at least one value",
            got="an empty list" if content == [] else type(content).__name__,
            expected="a list",
        )
    return Asked(True, content, pictures_of_rows(content))


def read_classify(body: bytes) -> list[bytes]:
    """The encoded pictures of a `:classify` request: the single feature of each example.

    Raises:
        BadRequestError: it is not what the protocol allows, or examples have other features.
    """
    document = _read_document(body)
    examples = document.get("examples")
    if not isinstance(examples, list) or not examples or document.get("context"):
        raise BadRequestError(
            "the request does not say what to classify",
            got=", ".join(document)[:80] or "an empty object",
            expected="examples, a list of at least one, and no context",
        )
    found = [picture_of(example) for example in examples]
    if not all(isinstance(example, dict) and "b64" not in example for example in examples) or None in found:
        raise BadRequestError(
            "an example is no encoded picture",
            expected='{"image": {"b64": "<base64 of the file>"}}, whatever the feature is called',
        )
    return [decode(text, number) for number, text in enumerate(found)]


def _read_document(body: bytes) -> dict[str, object]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(
            "the body is no JSON", got=str(error), expected="a JSON object; NaN and Infinity are no JSON"
        ) from error
    if not isinstance(document, dict):
        raise BadRequestError("the body is no JSON object", got=type(document).__name__, expected="a JSON object")
    signature = document.get("signature_name", SIGNATURE)
    if signature not in (SIGNATURE, ""):
        raise BadRequestError(
            "there is no such signature",
            got=signature[:80] if isinstance(signature, str) else type(signature).__name__,
            expected=SIGNATURE,
            remedy="leave signature_name out",
        )
    return document
