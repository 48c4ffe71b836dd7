"""Raw tensors: views where possible, copies where an address is odd, refusals where sizes lie."""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import pytest

from inference_core.errors import BadRequestError
from inference_core.oip.datatypes import WIRE
from inference_core.oip.tensors import Tensor


@pytest.mark.parametrize("datatype", WIRE)
def test_numbers_come_back_bit_for_bit(datatype: str) -> None:
    array = np.arange(6).astype(WIRE[datatype]).reshape(2, 3)
    raw = Tensor("x", datatype, array).to_raw()
    back = Tensor.from_raw("x", datatype, [2, 3], bytes(raw))
    assert back.array.dtype == WIRE[datatype]
    assert np.array_equal(back.array, array)
    assert bytes(raw) == array.tobytes()


def test_an_aligned_tensor_is_not_copied_on_its_way_in_or_out() -> None:
    source = np.arange(4, dtype=np.float32)
    tensor = Tensor.from_raw("x", "FP32", [4], source.data.cast("B"))
    assert np.shares_memory(tensor.array, source)
    assert np.shares_memory(np.frombuffer(tensor.to_raw(), np.float32), source)


def test_an_odd_address_is_mended() -> None:
    body = b"?" + np.arange(4, dtype=np.float32).tobytes()
    for start in (0, 1, 2, 3):  # one of them is odd, wherever the body lies
        shifted = (b"?" * start + body)[start:]
        array = Tensor.from_raw("x", "FP32", [4], memoryview(shifted)[1:]).array
        assert array.flags.aligned
        assert array.tolist() == [0, 1, 2, 3]


def test_what_is_not_row_major_goes_out_row_major() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3).T
    assert bytes(Tensor.of("x", array).to_raw()) == np.ascontiguousarray(array).tobytes()


def test_bfloat16_travels_by_its_bits() -> None:
    tensor = Tensor.of("x", np.array([1.0, -2.5], ml_dtypes.bfloat16))
    assert (tensor.datatype, tensor.array.dtype.name) == ("BF16", "uint16")
    assert bytes(tensor.to_raw()) == b"\x80\x3f\x20\xc0"
    assert tensor.widened().dtype == np.float32
    assert tensor.widened().tolist() == [1.0, -2.5]


def test_what_is_wide_enough_is_not_widened() -> None:
    array = np.array([1.5], np.float16)
    assert Tensor.of("x", array).widened() is array


def test_strings_have_the_shape_too() -> None:
    tensor = Tensor.from_raw("x", "BYTES", [2, 1], b"\x01\0\0\0a\x02\0\0\0bc")
    assert tensor.array.tolist() == [[b"a"], [b"bc"]]
    assert tensor.to_raw() == b"\x01\0\0\0a\x02\0\0\0bc"


def test_no_axes_are_one_element_and_none_of_an_axis_is_none() -> None:
    assert Tensor.from_raw("x", "UINT8", [], b"\x07").array.tolist() == 7
    assert Tensor.from_raw("x", "FP32", [0, 4], b"").array.shape == (0, 4)
    assert bytes(Tensor("x", "FP32", np.zeros((0, 4), np.float32)).to_raw()) == b""


@pytest.mark.parametrize(
    ("datatype", "shape", "raw"),
    [
        ("FP32", [2], b"\0" * 7),
        ("FP32", [2], b"\0" * 12),
        ("FP32", [-1, -2], b"\0" * 8),
        ("FP32", [2**40, 2**40], b"\0" * 8),
        ("FP32", [0, 2**70], b""),
        ("FP32", [1] * 65, b"\0" * 4),
        ("FP32", [2**63 - 1] * 200_000, b"\0" * 4),  # whose product would take minutes
        ("FP32", [True], b"\0" * 4),
        ("FP32", [1.0], b"\0" * 4),
        ("FP32", ["1"], b"\0" * 4),
        ("BYTES", [1, -1], b"\0" * 4),
        ("STRING", [1], b"\0" * 4),
        ("", [1], b"\0"),
    ],
)
def test_what_does_not_go_together_is_refused(datatype: str, shape: Sequence[object], raw: bytes) -> None:
    with pytest.raises(BadRequestError, match="tensor x"):
        Tensor.from_raw("x", datatype, shape, raw)
