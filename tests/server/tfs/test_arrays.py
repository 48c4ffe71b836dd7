"""Values to arrays: what is taken without loss, and what is refused."""

from typing import Any

import numpy as np
import pytest

from inference_core.bundle import TensorSpec
from inference_core.errors import BadRequestError
from inference_core.server.tfs.arrays import array_of


def spec(dtype: Any, *shape: int | str) -> TensorSpec:
    return TensorSpec(name="x", dtype=dtype, shape=shape or ("n",))


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("float32", [1, 2.5, -3], [1.0, 2.5, -3.0]),
        ("float16", [[0.5], [1]], [[0.5], [1.0]]),
        ("float64", 0.1, 0.1),
        ("uint8", [0, 255], [0, 255]),
        ("int64", [[2**62, -1]], [[2**62, -1]]),
        ("bool", [True, False], [True, False]),
        ("int8", [[], []], [[], []]),
    ],
)
def test_values_become_the_declared_elements(dtype: str, value: Any, expected: Any) -> None:
    array = array_of(value, spec(dtype))
    assert array.dtype.name == dtype
    assert array.tolist() == expected
    assert array.shape == np.shape(expected)


@pytest.mark.parametrize(
    ("dtype", "value", "got"),
    [
        ("float32", ["1.5"], "string"),
        ("float32", [None, {}], "null, object"),
        ("float32", [True, 1.0], "true or false"),
        ("int32", [1.0], "decimal number"),
        ("bool", [1], "whole number"),
        ("uint8", [256], "a number out of range"),
        ("uint8", [-1], "a number out of range"),
        ("int64", [2**63], "a number out of range"),
        ("float32", [1e39], "a number out of range"),
        ("float16", [65536], "a number out of range"),
        ("float32", [[1, 2], [3]], "lists that differ on axis 1"),
        ("float32", [[1], 2], "lists that differ on axis 1"),
        ("float32", [[[1]], [[1, 2]]], "lists that differ on axis 2"),
        ("string", ["a"], "a JSON value"),
        ("bfloat16", [1.0], "a JSON value"),
    ],
)
def test_what_would_lose_something_is_refused(dtype: str, value: Any, got: str) -> None:
    with pytest.raises(BadRequestError, match="the values of input x do not fit it") as caught:
        array_of(value, spec(dtype))
    assert caught.value.got == got


def test_endless_lists_are_refused() -> None:
    value: list[Any] = []
    for _ in range(900):
        value = [value]
    with pytest.raises(BadRequestError) as caught:
        array_of(value, spec("float32"))
    assert caught.value.got == "lists in lists, more than 32 deep"


def test_a_long_text_among_many_values_costs_no_memory() -> None:
    with pytest.raises(BadRequestError) as caught:
        array_of(["a" * 10**6, *["b"] * 10**6], spec("float32"))
    assert caught.value.got == "string"
