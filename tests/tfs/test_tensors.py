"""TensorProto: both of its forms, for every type."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from inference_core.oip.byte_strings import object_array
from inference_core.tfs.datatypes import NUMBERS
from inference_core.tfs.messages import message_class
from inference_core.tfs.tensors import Array, fill_proto, read_proto

NUMERIC = ("float16", "float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


def proto(data_type: str, shape: list[int], **fields: Any) -> Any:
    dims = {"dim": [{"size": size} for size in shape]}
    return message_class("TensorProto")(dtype=data_type, tensor_shape=dims, **fields)


def there_and_back(array: Array) -> Array:
    made = message_class("TensorProto")()
    fill_proto(array, made)
    return read_proto(message_class("TensorProto").FromString(made.SerializeToString()))


@pytest.mark.parametrize("dtype", [*NUMERIC, "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 2)])
def test_numbers_travel_as_they_are(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    back = there_and_back(array)
    assert (back.dtype, back.shape) == (array.dtype, shape)
    assert np.array_equal(back, array)


def test_numbers_lie_row_by_row_and_little_endian() -> None:
    made: Any = message_class("TensorProto")()
    fill_proto(np.array([[1, 2], [3, 4]], ">i2").T, made)
    assert made.tensor_content == bytes([1, 0, 3, 0, 2, 0, 4, 0])
    assert (made.dtype, [dim.size for dim in made.tensor_shape.dim]) == (NUMBERS["DT_INT16"], [2, 2])


def test_strings_travel_one_by_one() -> None:
    array = object_array([b"a", b"", b"\xff", b"dd"]).reshape(2, 2)
    back = there_and_back(array)
    assert back.dtype == object
    assert back.tolist() == [[b"a", b""], [b"\xff", b"dd"]]


def test_bfloat16_is_widened() -> None:
    back = there_and_back(np.array([1.5, -2], ml_dtypes.bfloat16))
    assert back.dtype == np.float32
    assert back.tolist() == [1.5, -2]
    listed = read_proto(proto("DT_BFLOAT16", [2], half_val=[0x3FC0, 0xC000]))
    assert listed.dtype == np.float32
    assert listed.tolist() == [1.5, -2]


@pytest.mark.parametrize(
    ("data_type", "field", "elements", "dtype"),
    [
        ("DT_FLOAT", "float_val", [0.1, -1.5, float("inf")], "float32"),
        ("DT_DOUBLE", "double_val", [0.1, -1.5, 3.0], "float64"),
        ("DT_INT32", "int_val", [-1, 2, 3], "int32"),
        ("DT_INT16", "int_val", [-1, 2, 3], "int16"),
        ("DT_UINT16", "int_val", [65535, 2, 3], "uint16"),
        ("DT_INT8", "int_val", [-1, 2, 3], "int8"),
        ("DT_UINT8", "int_val", [255, 2, 3], "uint8"),
        ("DT_INT64", "int64_val", [-1, 2**40, 3], "int64"),
        ("DT_UINT32", "uint32_val", [2**32 - 1, 2, 3], "uint32"),
        ("DT_UINT64", "uint64_val", [2**64 - 1, 2, 3], "uint64"),
        ("DT_BOOL", "bool_val", [True, False, True], "bool"),
    ],
)
def test_lists_are_read(data_type: str, field: str, elements: list[Any], dtype: str) -> None:
    array = read_proto(proto(data_type, [3, 1], **{field: elements}))
    assert array.dtype == dtype
    assert np.array_equal(array, np.array(elements, dtype).reshape(3, 1))


def test_halves_are_listed_by_their_bits() -> None:
    array = read_proto(proto("DT_HALF", [2], half_val=[0x3C00, 0xC100]))
    assert array.dtype == np.float16
    assert array.tolist() == [1.0, -2.5]


def test_a_long_list_comes_whole_whatever_else_is_in_the_message() -> None:
    values = np.random.default_rng(0).random((3, 1001), np.float32)
    made = proto("DT_FLOAT", [3, 1001], float_val=values.ravel().tolist(), int_val=[1, 2], uint64_val=[9])
    array = read_proto(made)
    assert array.flags.aligned
    assert np.array_equal(array, values)


@pytest.mark.parametrize(
    ("data_type", "fields", "wanted"),
    [
        ("DT_FLOAT", {"float_val": [1.0, 2.0]}, [1, 2, 2, 2]),
        ("DT_FLOAT", {}, [0, 0, 0, 0]),
        ("DT_INT32", {"int_val": [7]}, [7, 7, 7, 7]),
        ("DT_BOOL", {}, [False] * 4),
        ("DT_HALF", {"half_val": [0x3C00]}, [1.0] * 4),
        ("DT_BFLOAT16", {"half_val": [0x3F80]}, [1.0] * 4),
        ("DT_STRING", {"string_val": [b"a", b"b"]}, [b"a", b"b", b"b", b"b"]),
        ("DT_STRING", {}, [b""] * 4),
    ],
)
def test_a_short_list_goes_on_with_its_last_element(data_type: str, fields: Any, wanted: list[Any]) -> None:
    assert read_proto(proto(data_type, [4], **fields)).tolist() == wanted


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (proto("DT_FLOAT", [2], float_val=[1, 2, 3]), "2 elements has 3 in its list"),
        (proto("DT_FLOAT", [2], tensor_content=b"123"), "2 elements of float32 has 3 bytes"),
        (proto("DT_FLOAT", [-1]), "no shape"),
        (proto("DT_UINT8", [1], int_val=[256]), "out of range"),
        (proto("DT_INVALID", [1]), "data type 0"),
        (message_class("TensorProto")(dtype=20), "data type 20"),
        (message_class("TensorProto")(dtype=1, tensor_shape={"unknown_rank": True}), "no shape"),
    ],
)
def test_what_does_not_go_together_is_refused(made: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_proto(made)


def test_elements_that_tensorflow_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="no data type for datetime64"):
        fill_proto(np.zeros(1, "datetime64[s]"), message_class("TensorProto")())
