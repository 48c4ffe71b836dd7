"""Arrays as JSON, and back."""

import json
import math

import ml_dtypes
import numpy as np
import orjson
import pytest

from inference_core.oip.byte_strings import object_array
from inference_core.tfs.values import Array, array_of, from_json, to_json


def written(**inputs: Array) -> dict[str, object]:
    document = json.loads(to_json({"signature_name": "s"}, inputs))
    assert document["signature_name"] == "s"
    return document["inputs"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8", "int64", "bool"])
def test_numbers_are_nested_lists(dtype: str) -> None:
    array = np.array([[0, 1], [1, 0]], dtype)
    assert written(x=array) == {"x": array.tolist()}
    assert written(x=array.T[:, :1]) == {"x": array.T[:, :1].tolist()}


def test_floats_are_as_short_as_they_can_be_and_come_back_the_same() -> None:
    assert b'"x":[0.1]' in to_json({}, {"x": np.array([0.1], np.float32)})
    array = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    back = array_of(orjson.loads(to_json({}, {"x": array}))["inputs"]["x"], "float32", None)
    assert np.array_equal(back, array)


def test_numbers_without_an_end_are_written_as_tensorflow_serving_reads_them() -> None:
    content = to_json({}, {"x": np.array([np.nan, np.inf, -np.inf, 1], np.float32), "n": np.array(3)})
    assert content == b'{"inputs": {"x": [NaN, Infinity, -Infinity, 1.0], "n": 3}}'
    [nan, *rest] = from_json(content)["inputs"]["x"]  # type: ignore[index]
    assert math.isnan(nan)
    assert rest == [math.inf, -math.inf, 1.0]


def test_bytes_are_base64() -> None:
    assert written(x=object_array([b"\xff\x00"])) == {"x": [{"b64": "/wA="}]}


def test_bfloat16_is_written_as_the_numbers_that_it_stands_for() -> None:
    assert written(x=np.array([1.5], ml_dtypes.bfloat16)) == {"x": [1.5]}
    assert array_of([1.5], "bfloat16", None).dtype == np.float32


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        to_json({"x": {1}}, {})
    with pytest.raises(TypeError, match="set has no JSON form"):
        to_json({"x": {1}}, {"x": np.array([np.nan])})


def test_null_is_no_number() -> None:
    assert math.isnan(array_of([None, 1.0], "float32", None)[0].item())


def test_texts_and_base64_are_bytes() -> None:
    array = array_of([["ä", {"b64": "/w=="}]], "string", None)
    assert array.dtype == object
    assert array.tolist() == [["ä".encode(), b"\xff"]]
    assert array_of("one", "string", ()).tolist() == b"one"


def test_axes_behind_one_without_elements_are_those_that_are_known() -> None:
    assert array_of([], "float32", (-1, 4)).shape == (0, 4)
    assert array_of([[], []], "float32", (-1, -1, 4)).shape == (2, 0, 4)
    assert array_of([], "float32", None).shape == (0,)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([[1], [1, 2]], "float32"),
        ({"a": 1}, "float32"),
        (["x"], "float32"),
        ([256], "uint8"),
        ([None], "int32"),
        ([1], "string"),
        ([["a"], "b"], "string"),
        ([{"b64": "?"}], "string"),
        ([{"b64": 3}], "string"),
    ],
)
def test_what_does_not_fit_is_refused(value: object, dtype: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        array_of(value, dtype, None)


def test_what_is_no_json_is_refused() -> None:
    for content in (b"", b"{", b"\xff"):
        with pytest.raises(ValueError, match=r"."):
            from_json(content)
