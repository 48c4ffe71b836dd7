"""Tensors as JSON: numbers without loss, text as UTF-8, and refusals of what would lose."""

import base64
import math
import tracemalloc

import numpy as np
import orjson
import pytest

from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import object_array
from inference_core.oip.tensors import Tensor
from inference_core.oip.values import from_base64, from_values, to_base64, to_values


def written(tensor: Tensor) -> list[object]:
    values: list[object] = orjson.loads(orjson.dumps(to_values(tensor), option=orjson.OPT_SERIALIZE_NUMPY))
    return values


def test_floats_come_back_bit_for_bit_flat_or_nested() -> None:
    array = np.random.default_rng(0).standard_normal((2, 3)).astype(np.float32)
    values = written(Tensor("x", "FP32", array))
    assert len(values) == 6
    nested: list[object] = [values[:3], values[3:]]
    for data in (values, nested):
        assert np.array_equal(from_values("x", "FP32", [2, 3], data).array, array)


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("UINT8", [0, 255]),
        ("INT8", [-128, 127]),
        ("INT64", [-(2**63), 2**63 - 1]),
        ("UINT64", [0, 2**64 - 1]),
        ("BOOL", [True, False]),
        ("FP64", [0.1, -1e300]),
        ("FP32", [1, 2]),
        ("FP16", [0.5, 65504]),
        ("BYTES", ["", "für"]),
    ],
)
def test_what_a_datatype_holds_is_taken_and_given(datatype: str, data: list[object]) -> None:
    tensor = from_values("x", datatype, [2], data)
    assert tensor.datatype == datatype
    assert written(tensor) == data


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("UINT8", [0, 256]),
        ("UINT8", [0, -1]),
        ("INT32", [1, 2.5]),
        ("INT32", [1.0, 2.0]),
        ("INT64", [2**63, 0]),
        ("UINT64", [2**64, 0]),
        ("BOOL", [0, 1]),
        ("FP32", [1e300, 0]),
        ("FP16", [65520, 0]),
        ("FP32", [True, False]),
        ("FP32", ["1", "2"]),
        ("FP32", [None, 1]),
        ("FP32", [[1], [2, 3]]),
        ("FP32", [[1], 2]),
        ("FP32", [{}, {}]),
        ("FP32", [1]),
        ("FP32", [1, 2, 3]),
        ("BYTES", [1, 2]),
        ("BYTES", ["a", None]),
        ("BYTES", ["a"]),
        ("BF16", [1, 2]),
        ("FP8", [1, 2]),
    ],
)
def test_what_would_be_lost_is_refused(datatype: str, data: list[object]) -> None:
    with pytest.raises(BadRequestError, match="tensor x"):
        from_values("x", datatype, [2], data)


def test_numbers_that_are_not_finite_become_null() -> None:
    assert written(Tensor("x", "FP32", np.array([math.inf, math.nan, 1], np.float32))) == [None, None, 1.0]


def test_null_is_no_number_where_that_is_wanted_and_of_floats_alone() -> None:
    got = from_values("x", "FP16", [2, 2], [[None, 1], [1e9, -2]], lenient=True).array
    np.testing.assert_array_equal(got, np.array([[math.nan, 1], [math.inf, -2]], np.float16))
    for datatype, lenient in (("FP32", False), ("INT32", True), ("BOOL", True), ("BYTES", True)):
        with pytest.raises(BadRequestError, match="tensor x"):
            from_values("x", datatype, [1], [None], lenient=lenient)


def test_text_may_be_nested_too() -> None:
    assert from_values("x", "BYTES", [2, 2], [["a", "b"], ["c", "d"]]).array.tolist() == [[b"a", b"b"], [b"c", b"d"]]


def test_base64_carries_what_json_cannot() -> None:
    file = bytes(range(256))
    tensor = from_base64("x", [1], [base64.b64encode(file).decode()])
    assert tensor.array.tolist() == [file]
    assert to_base64(tensor) == [base64.b64encode(file).decode()]
    with pytest.raises(BadRequestError, match="tensor x"):
        from_base64("x", [1], ["no base64!"])


@pytest.mark.parametrize(
    "tensor", [Tensor("x", "BYTES", object_array([b"\xff"])), Tensor("x", "BF16", np.zeros(1, np.uint16))]
)
def test_what_json_cannot_carry_is_refused_with_the_remedy(tensor: Tensor) -> None:
    with pytest.raises(BadRequestError) as caught:
        to_values(tensor)
    assert caught.value.remedy == 'ask for it with the parameter "binary_data": true'


def test_long_text_among_numbers_costs_no_memory() -> None:
    data: list[object] = ["x" * 100_000, *["a"] * 10_000]  # NumPy would make 4 GB of it
    tracemalloc.start()
    with pytest.raises(BadRequestError, match="tensor x"):
        from_values("x", "FP32", [10_001], data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_nesting_without_end_is_refused() -> None:
    data: list[object] = [1.0]
    for _ in range(1000):
        data = [data]
    with pytest.raises(BadRequestError, match="tensor x"):
        from_values("x", "FP32", [1], data)
