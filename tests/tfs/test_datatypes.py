"""Data types, and what bundles call them."""

from typing import get_args

import pytest

from inference_core.bundle.tensors import DType
from inference_core.tfs.datatypes import NUMBERS, data_type_of, dtype_of


def test_every_dtype_of_a_bundle_has_a_data_type() -> None:
    named = {dtype: data_type_of(dtype) for dtype in get_args(DType)}
    assert named == {
        "float32": "DT_FLOAT",
        "float16": "DT_HALF",
        "bfloat16": "DT_BFLOAT16",
        "float64": "DT_DOUBLE",
        "uint8": "DT_UINT8",
        "int8": "DT_INT8",
        "int32": "DT_INT32",
        "int64": "DT_INT64",
        "bool": "DT_BOOL",
        "string": "DT_STRING",
    }


def test_they_go_both_ways() -> None:
    for data_type in NUMBERS.keys() - {"DT_INVALID"}:
        assert data_type_of(dtype_of(data_type)) == data_type
    assert data_type_of("object") == "DT_STRING"


def test_others_are_named_as_they_are() -> None:
    assert dtype_of("DT_RESOURCE") == "dt_resource"
    with pytest.raises(ValueError, match="no data type for complex64"):
        data_type_of("complex64")
