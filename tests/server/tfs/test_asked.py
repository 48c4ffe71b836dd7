"""Bodies: what they ask, and what is wrong with others."""

from typing import Any

import orjson
import pytest

from inference_core.errors import BadRequestError
from inference_core.server.tfs.asked import Asked, read_classify, read_predict

HI = {"b64": "aGk="}


@pytest.mark.parametrize(
    ("document", "asked"),
    [
        ({"instances": [[1], [2]]}, Asked(True, [[1], [2]], [])),
        ({"inputs": {"x": [1]}}, Asked(False, {"x": [1]}, [])),
        ({"inputs": 5, "signature_name": "serving_default", "more": 1}, Asked(False, 5, [])),
        ({"instances": [HI], "signature_name": ""}, Asked(True, [HI], [b"hi"])),
        ({"inputs": HI}, Asked(False, HI, [b"hi"])),
    ],
)
def test_predict_takes_rows_or_columns(document: Any, asked: Asked) -> None:
    assert read_predict(orjson.dumps(document)) == asked


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is no JSON"),
        (b'{"instances": [NaN]}', "the body is no JSON"),
        (b'{"instances": ' + b"[" * 5000 + b"]" * 5000 + b"}", "the body is no JSON"),
        (b'{"instances": ["\xff"]}', "the body is no JSON"),
        (b"[]", "the body is no JSON object"),
        (b"{}", "the request does not say what to predict on"),
        (b'{"instances": [1], "inputs": [1]}', "the request does not say what to predict on"),
        (b'{"instances": []}', "instances is no list of at least one value"),
        (b'{"instances": {"b64": "aGk="}}', "instances is no list of at least one value"),
        (b'{"instances": [1], "signature_name": "other"}', "there is no such signature"),
        (b'{"instances": [1], "signature_name": null}', "there is no such signature"),
        (b'{"instances": [1], "signature_name": {"a": [1]}}', "there is no such signature"),
        (b'{"instances": [{"b64": "!"}]}', "instance 0 is no encoded picture"),
    ],
)
def test_what_is_no_predict_request_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_predict(body)
    assert caught.value.message == message


def test_classify_takes_examples_of_one_picture() -> None:
    assert read_classify(b'{"examples": [{"a": {"b64": "aGk="}}, {"b": {"b64": ""}}]}') == [b"hi", b""]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the request does not say what to classify"),
        ({"instances": [HI]}, "the request does not say what to classify"),
        ({"examples": []}, "the request does not say what to classify"),
        ({"examples": {"x": HI}}, "the request does not say what to classify"),
        ({"examples": [{"x": HI}], "context": {"y": 1}}, "the request does not say what to classify"),
        ({"examples": [HI]}, "an example is no encoded picture"),
        ({"examples": [{"x": 1.0}]}, "an example is no encoded picture"),
        ({"examples": [{"x": HI}, {"x": HI, "y": 1}]}, "an example is no encoded picture"),
        ({"examples": [{"x": {"b64": "!"}}]}, "instance 0 is no encoded picture"),
    ],
)
def test_what_is_no_classify_request_is_refused(document: Any, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        read_classify(orjson.dumps(document))
    assert caught.value.message == message
