"""The elements of a tensor written out as JSON."""

import base64
import math
from collections.abc import Sequence

import numpy as np

from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import object_array
from inference_core.oip.datatypes import BF16, BYTES, wire_dtype
from inference_core.oip.tensors import MAX_AXES, Array, Tensor, count_elements, shaped

_KINDS: dict[str, set[type]] = {"b": {bool}, "i": {int}, "u": {int}, "f": {int, float}}
"""What in JSON becomes which kind of element without loss."""


def from_values(
    name: str, datatype: str, shape: Sequence[object], data: list[object], *, lenient: bool = False
) -> Tensor:
    """The tensor whose elements are `data`, flat or nested, row-major.

    Strings of BYTES become UTF-8.

    Args:
        name: of the tensor.
        datatype: as the protocol has it.
        shape: sizes.
        data: its elements.
        lenient: takes null for the NaN that servers write so, and numbers that are not finite.

    Raises:
        BadRequestError: shape, datatype and data do not go together.
    """
    count = count_elements(name, shape)
    if datatype == BYTES:
        array: Array = object_array(_texts(name, data))
    elif datatype == BF16:
        raise _misfit(name, "numbers in JSON", "BF16 as binary data, since JSON has no such numbers")
    else:
        array = _numbers(name, data, wire_dtype(datatype, name), lenient=lenient)
    if array.size != count:
        raise _misfit(name, f"{array.size} elements", f"{count} for shape {list(shape)}")
    return Tensor(name, datatype, shaped(name, array, shape))


def from_base64(name: str, shape: Sequence[object], data: list[object]) -> Tensor:
    """A BYTES tensor whose elements `data` gives in base64, which JSON can carry whatever their bytes are.

    Raises:
        BadRequestError: they are not, or not as many as `shape` says.
    """
    tensor = from_values(name, BYTES, shape, data)
    try:
        decoded = [base64.b64decode(text, validate=True) for text in tensor.array.ravel().tolist()]
    except ValueError as error:
        raise _misfit(name, f"no base64: {error}", "every element in base64") from error
    return Tensor(name, BYTES, shaped(name, object_array(decoded), shape))


def to_base64(tensor: Tensor) -> list[str]:
    """The elements of a BYTES tensor, as `from_base64` takes them."""
    return [base64.b64encode(element).decode() for element in tensor.array.ravel().tolist()]


def to_values(tensor: Tensor) -> object:
    """What a JSON encoder that knows NumPy, such as orjson's, writes as the flat list of elements.

    JSON has no numbers that are not finite: they become null.

    Raises:
        BadRequestError: JSON cannot carry the elements: bytes that are no UTF-8, or BF16.
    """
    if tensor.datatype == BF16:
        raise _unwritten(tensor.name, BF16)
    if tensor.datatype != BYTES:
        return np.ascontiguousarray(tensor.array).reshape(-1)
    try:
        return [element.decode() for element in tensor.array.ravel().tolist()]
    except UnicodeDecodeError:
        raise _unwritten(tensor.name, "bytes that are no UTF-8") from None


def _numbers(name: str, data: list[object], dtype: np.dtype[np.generic], *, lenient: bool) -> Array:
    given = _flat(name, data)
    if lenient and dtype.kind == "f":
        given = [math.nan if element is None else element for element in given]
    if not set(map(type, given)) <= _KINDS[dtype.kind]:  # NumPy would convert anything, at any cost
        raise _misfit(name, "other elements", f"elements of {dtype.name}")
    try:
        with np.errstate(over="ignore"):
            array: Array = np.array(given, dtype)
    except OverflowError as error:
        raise _misfit(name, str(error), f"numbers that {dtype.name} holds") from error
    if dtype.kind == "f" and not lenient and not np.all(np.isfinite(array)):
        raise _misfit(name, "a number out of range", f"numbers that {dtype.name} holds")
    return array


def _texts(name: str, data: list[object]) -> list[bytes]:
    given = _flat(name, data)
    if not set(map(type, given)) <= {str}:
        raise _misfit(name, "other elements", "strings, flat or nested")
    return [str(text).encode() for text in given]


def _flat(name: str, data: list[object]) -> list[object]:
    """The elements of lists in lists, in order."""
    for _ in range(MAX_AXES):
        if list not in set(map(type, data)):
            return data
        data = [element for part in data for element in _part(name, part)]
    raise _misfit(name, "lists in lists without end", f"at most {MAX_AXES} levels")


def _part(name: str, part: object) -> list[object]:
    if not isinstance(part, list):
        raise _misfit(name, "elements beside lists", "elements, flat or nested evenly")
    return part


def _misfit(name: str, got: str, expected: str) -> BadRequestError:
    return BadRequestError(f"the data of tensor {name} do not fit it", got=got, expected=expected)


def _unwritten(name: str, got: str) -> BadRequestError:
    return BadRequestError(
        f"tensor {name} cannot be written as JSON",
        got=got,
        expected="a tensor of numbers or text",
        remedy='ask for it with the parameter "binary_data": true',
    )
