"""Elements of BYTES: each a little-endian length of four bytes, and so many bytes."""

from collections.abc import Iterable
from struct import Struct

import numpy as np
import numpy.typing as npt

from inference_core.errors import BadRequestError

_LENGTH = Struct("<I")


def unpack_strings(buffer: memoryview, count: int, tensor: str) -> npt.NDArray[np.object_]:
    """The `count` elements that fill `buffer`, one-dimensional, each a `bytes` of its own.

    Raises:
        BadRequestError: they are more, fewer or cut off. The sentence names `tensor`.
    """
    size = len(buffer)
    if count * _LENGTH.size > size:
        raise _broken(tensor, f"{size} bytes for {count} elements")
    elements = np.empty(count, np.object_)
    at = 0
    for index in range(count):
        start = at + _LENGTH.size
        if start > size:
            raise _broken(tensor, f"{index} elements in {size} bytes, and {count} in its shape")
        (length,) = _LENGTH.unpack_from(buffer, at)
        at = start + length
        if at > size:
            raise _broken(tensor, f"element {index} of {length} bytes, with {size - start} left")
        elements[index] = bytes(buffer[start:at])
    if at != size:
        raise _broken(tensor, f"{size - at} bytes after the last of {count} elements")
    return elements


def pack_strings(elements: Iterable[bytes]) -> bytes:
    """The same the other way."""
    return b"".join(part for element in elements for part in (_LENGTH.pack(len(element)), element))


def object_array(elements: Iterable[bytes]) -> npt.NDArray[np.object_]:
    """One-dimensional, whatever NumPy would make of equal lengths."""
    listed = list(elements)
    array = np.empty(len(listed), np.object_)
    array[:] = listed
    return array


def _broken(tensor: str, got: str) -> BadRequestError:
    return BadRequestError(
        f"the elements of tensor {tensor} do not fill its bytes",
        got=got,
        expected="for each element four bytes of length, little-endian, and so many bytes",
    )
