"""Arrays as TensorProto, and back (tensorflow/core/framework/tensor.proto)."""

import math

import numpy as np
import numpy.typing as npt
from google.protobuf.message import Message

from inference_core.tfs.datatypes import BFLOAT16, NUMBERS, STRING, data_type_of, dtype_of

Array = npt.NDArray[np.generic]

_DTYPES = {number: dtype_of(data_type) for data_type, number in NUMBERS.items() if number}
_LISTS = {
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32"), "int_val"),
    **dict.fromkeys(("float16", BFLOAT16), "half_val"),
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    STRING: "string_val",
}
"""Which list holds which elements."""
_FIXED = ("float32", "float64")
"""Elements that take the same number of bytes each in a message, whatever they are."""
_BITS = "<u2"
"""Elements that lists hold by their bits: `half_val`. NumPy has no bfloat16."""


def fill_proto(array: Array, proto: Message) -> None:
    """Makes an empty TensorProto that of `array`: numbers as raw bytes; bytes, in an array of objects, one by one.

    Raises:
        ValueError: TensorFlow has no such elements.
    """
    proto.dtype = NUMBERS[data_type_of(array.dtype.name)]
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.dtype == object:
        proto.string_val.extend(array.ravel().tolist())
    else:
        proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def read_proto(proto: Message) -> Array:
    """The array of a TensorProto, whichever of its two forms it has. bfloat16 is widened to float32.

    A list that is shorter than the tensor stands for one that goes on with its last element, and an empty one for
    zeros, as TensorFlow has it.

    Raises:
        ValueError: it has no array: shape, type and elements do not go together.
    """
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise ValueError(f"a tensor has no shape but {shape}")
    dtype = _DTYPES.get(proto.dtype)
    if dtype is None:
        raise ValueError(f"a tensor has the data type {proto.dtype}, of which there are no arrays")
    count = math.prod(shape)
    if proto.tensor_content and dtype != STRING:
        array = _from_content(proto.tensor_content, dtype, count)
    else:
        array = _from_list(proto, dtype, count)
    return array.reshape(shape)


def _from_content(content: bytes, dtype: str, count: int) -> Array:
    element = np.dtype(_BITS if dtype == BFLOAT16 else dtype).newbyteorder("<")
    if len(content) != count * element.itemsize:
        raise ValueError(f"a tensor of {count} elements of {dtype} has {len(content)} bytes")
    return _widened(np.frombuffer(content, element)) if dtype == BFLOAT16 else np.frombuffer(content, element)


def _from_list(proto: Message, dtype: str, count: int) -> Array:
    listed = getattr(proto, _LISTS[dtype])
    if len(listed) > count:
        raise ValueError(f"a tensor of {count} elements has {len(listed)} in its list")
    if dtype == STRING:
        return _full(np.fromiter(listed, np.object_, len(listed)), count, b"")
    if dtype in _FIXED:
        return _full(_packed(proto, dtype), count, 0)
    by_bits = dtype in ("float16", BFLOAT16)
    try:
        array = _full(np.fromiter(listed, _BITS if by_bits else dtype, len(listed)), count, 0)
    except OverflowError as error:
        raise ValueError(f"a tensor of {dtype} has an element out of range: {error}") from error
    if dtype == BFLOAT16:
        return _widened(array)
    return array.view(dtype) if by_bits else array


def _packed(proto: Message, dtype: str) -> Array:
    """The elements of a list, each of a fixed size: the end of a message that has nothing else, as it is sent.

    Several hundred times as fast as going through them one by one.
    """
    name = _LISTS[dtype]
    alone = type(proto).FromString(proto.SerializeToString())  # a list by itself is copied element by element
    for field, _ in proto.ListFields():
        if field.name != name:
            alone.ClearField(field.name)
    element = np.dtype(dtype).newbyteorder("<")
    sent, count = alone.SerializeToString(), len(getattr(alone, name))
    array = np.frombuffer(sent, element, count, len(sent) - count * element.itemsize)
    return array if array.flags.aligned else array.copy()


def _full(given: Array, count: int, nothing: object) -> Array:
    if given.size == count:
        return given
    full: Array = np.full(count, given[-1] if given.size else nothing, given.dtype)
    full[: given.size] = given
    return full


def _widened(bits: Array) -> Array:
    """float32, of which bfloat16 is the upper half."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
