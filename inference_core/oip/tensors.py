"""One named tensor: an array, and the forms in which it travels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import pack_strings, unpack_strings
from inference_core.oip.datatypes import BF16, BYTES, WIRE, datatype_of, wire_dtype

Array = npt.NDArray[np.generic]

MAX_AXES = 64
"""NumPy's limit. A product of many more sizes would take very long."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of a request or an answer."""

    name: str
    datatype: str
    """The protocol's name; BYTES is an object array of `bytes`, BF16 an array of uint16."""
    array: Array

    @classmethod
    def of(cls, name: str, array: Array) -> "Tensor":
        """The tensor of `array`. bfloat16 of ml_dtypes is taken by its bits."""
        datatype = datatype_of(array.dtype.name)
        return cls(name, datatype, array.view(np.uint16) if datatype == BF16 else array)

    @classmethod
    def from_raw(cls, name: str, datatype: str, shape: Sequence[object], raw: bytes | memoryview) -> "Tensor":
        """The tensor in `raw`, row-major and little-endian, of which no copy is made where the machine can read it.

        Raises:
            BadRequestError: shape, datatype and number of bytes do not go together.
        """
        count = count_elements(name, shape)
        view = memoryview(raw)
        if datatype == BYTES:
            return cls(name, BYTES, shaped(name, unpack_strings(view, count, name), shape))
        dtype = wire_dtype(datatype, name)
        if count * dtype.itemsize != len(view):
            raise BadRequestError(
                f"the bytes of tensor {name} are not those of its shape",
                got=f"{len(view)} bytes",
                expected=f"{count * dtype.itemsize} for {datatype} {list(shape)}",
            )
        array = np.frombuffer(view, dtype)
        # An address that is no multiple of the element's size may be slow or forbidden to an engine.
        return cls(name, datatype, shaped(name, array if array.flags.aligned else array.copy(), shape))

    def to_raw(self) -> bytes | memoryview:
        """Its elements, row-major and little-endian, without a copy where they lie so."""
        if self.datatype == BYTES:
            return pack_strings(self.array.ravel().tolist())
        return np.ascontiguousarray(self.array, WIRE[self.datatype]).reshape(-1).view(np.uint8).data

    def widened(self) -> Array:
        """The array; of BF16, whose elements are the upper halves of float32, the numbers that they stand for."""
        if self.datatype != BF16:
            return self.array
        return np.left_shift(self.array, 16, dtype=np.uint32).view(np.float32)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return int(self.array.size)


def count_elements(name: str, shape: Sequence[object]) -> int:
    """How many elements a tensor of `shape` has.

    Raises:
        BadRequestError: a size is not a whole number of at least 0.
    """
    sizes = [size for size in shape if type(size) is int and size >= 0]
    if len(sizes) != len(shape) or len(sizes) > MAX_AXES:
        raise BadRequestError(
            f"the shape of tensor {name} is none",
            got=str(list(shape[: MAX_AXES + 1]))[:80],
            expected=f"at most {MAX_AXES} whole numbers of at least 0",
        )
    return math.prod(sizes)


def shaped(name: str, array: Array, shape: Sequence[object]) -> Array:
    """The one-dimensional `array` in a shape of as many elements.

    Raises:
        BadRequestError: NumPy has no such shape: a size beyond all memory, beside one of 0.
    """
    try:
        return array.reshape([size for size in shape if isinstance(size, int)])
    except ValueError as error:
        raise BadRequestError(
            f"tensor {name} has a shape that is too large", got=str(list(shape))[:80], expected=str(error)
        ) from error
