"""JSON values to arrays of one element type."""

from itertools import chain
from typing import Any

import numpy as np

from inference_core.bundle import TensorSpec
from inference_core.engines import Array
from inference_core.errors import BadRequestError

_TYPES: dict[str, set[type]] = {"b": {bool}, "i": {int}, "u": {int}, "f": {int, float}}
"""What JSON values make which kind of element without loss."""
_MOST_AXES = 32


def array_of(value: object, spec: TensorSpec) -> Array:
    """The array that `value`, a number or evenly nested lists of numbers, stands for, with the elements of `spec`.

    Types are looked at before NumPy is given anything: it would read numbers out of texts, and makes room for as many
    texts of the longest one's length as there are values.

    Raises:
        BadRequestError: lists are uneven, or a value is no such element.
    """
    if spec.dtype in ("string", "bfloat16"):
        raise _misfit(spec, "a JSON value", f"none: the engine takes {spec.dtype} from nobody")
    shape, elements, kinds = _flatten(value, spec)
    dtype = np.dtype(spec.dtype)
    others = kinds - _TYPES[dtype.kind]
    if others:
        raise _misfit(spec, ", ".join(sorted(map(_json_name, others))), f"values of {dtype.name}")
    try:
        with np.errstate(over="ignore"):
            array = np.fromiter(elements, dtype, len(elements))
    except OverflowError as error:
        raise _out_of_range(spec) from error
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise _out_of_range(spec)
    return array.reshape(shape)


def _flatten(value: object, spec: TensorSpec) -> tuple[list[int], list[object], set[type]]:
    """Shape, elements row by row, and their types."""
    shape: list[int] = []
    level: list[Any] = [value]
    while list in (kinds := set(map(type, level))):
        if len(shape) == _MOST_AXES:
            raise _misfit(spec, f"lists in lists, more than {_MOST_AXES} deep", f"{len(spec.shape)} deep")
        if len(kinds) > 1 or len(set(map(len, level))) > 1:
            raise _misfit(spec, f"lists that differ on axis {len(shape)}", "lists nested evenly")
        shape.append(len(level[0]))
        level = list(chain.from_iterable(level))
    return shape, level, kinds


def _json_name(kind: type) -> str:
    names = {dict: "object", str: "string", bool: "true or false", int: "whole number", float: "decimal number"}
    return names.get(kind, "null")


def _out_of_range(spec: TensorSpec) -> BadRequestError:
    return _misfit(spec, "a number out of range", f"numbers that {spec.dtype} holds")


def _misfit(spec: TensorSpec, got: str, expected: str) -> BadRequestError:
    return BadRequestError(f"the values of input {spec.name} do not fit it", got=got, expected=expected)
