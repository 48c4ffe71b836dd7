"""Datatypes: their names in bundles and NumPy, and their elements on the wire."""

from typing import get_args

import numpy as np
import pytest

from inference_core.bundle.tensors import DType
from inference_core.errors import BadRequestError
from inference_core.oip.datatypes import WIRE, bundle_dtype, datatype_of, wire_dtype
from inference_core.oip.messages import DATA_TYPES


def test_every_dtype_of_a_bundle_has_a_datatype() -> None:
    named = {dtype: datatype_of(dtype) for dtype in get_args(DType)}
    assert named["float32"] == "FP32"
    assert named["float16"] == "FP16"
    assert named["bfloat16"] == "BF16"
    assert named["bool"] == "BOOL"
    assert named["string"] == "BYTES"
    assert datatype_of("uint16") == "UINT16"  # which BF16 only borrows
    assert {dtype: bundle_dtype(datatype) for dtype, datatype in named.items()} == {dtype: dtype for dtype in named}
    assert bundle_dtype("FP8") == "FP8"


def test_every_datatype_of_numbers_is_one_of_model_configurations() -> None:
    assert set(WIRE) == {*DATA_TYPES} - {"INVALID", "STRING"}


def test_elements_are_little_endian_and_of_the_size_in_the_name() -> None:
    sizes = {name: dtype.itemsize for name, dtype in WIRE.items()}
    assert sizes["BF16"] == sizes["FP16"] == sizes["UINT16"] == 2
    assert sizes["FP64"] == sizes["INT64"] == 8
    assert all(dtype == dtype.newbyteorder("<") for dtype in WIRE.values())


def test_what_the_protocol_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no datatype for complex64"):
        datatype_of(np.dtype(np.complex64).name)
    with pytest.raises(BadRequestError, match="tensor x has a datatype that does not exist"):
        wire_dtype("FP8", "x")
