"""Triton's classification extension: an output as its best classes, in words (extension_classification.md)."""

from collections.abc import Sequence

import numpy as np

from inference_core.bundle.manifest import Label
from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import object_array
from inference_core.oip.datatypes import BF16, BYTES
from inference_core.oip.tensors import Array, Tensor


def classify(tensor: Tensor, count: object, labels: Sequence[Label]) -> Tensor:
    """The `count` highest elements of each item of `tensor` as `value:index:label`, the label where there is one.

    Args:
        tensor: numbers [N, classes], or [classes] of a single item.
        count: how many; no more than there are classes.
        labels: of the model.

    Returns:
        BYTES [N, count], or [count]. Of equal values, the lower index comes first.

    Raises:
        BadRequestError: `count` is no whole number of at least 1, or the tensor has no classes.
    """
    if type(count) is not int or count < 1:
        raise BadRequestError(
            f"parameter classification of output {tensor.name} cannot be used",
            got=repr(count)[:40],
            expected="a whole number of at least 1",
        )
    if tensor.datatype in (BYTES, BF16) or not 1 <= tensor.array.ndim <= 2:
        raise BadRequestError(
            f"output {tensor.name} has no classes",
            got=f"{tensor.datatype} {list(tensor.array.shape)}",
            expected="numbers for each item",
        )
    names = {place if label.index is None else label.index: label.name for place, label in enumerate(labels)}
    rows = np.atleast_2d(tensor.array)
    best = [_best(row, count, names) for row in rows]
    array = object_array(text for row in best for text in row)
    shape = (len(rows), min(count, rows.shape[1]))
    return Tensor(tensor.name, BYTES, array.reshape(shape[2 - tensor.array.ndim :]))


def _best(row: Array, count: int, names: dict[int, str]) -> list[bytes]:
    order = row.size - 1 - np.argsort(row[::-1], kind="stable")[::-1]
    return [_text(row[index], index, names.get(index)) for index in order[:count].tolist()]


def _text(value: np.generic, index: int, name: str | None) -> bytes:
    number = format(value, "f") if value.dtype.kind == "f" else str(int(value))
    return ":".join([number, str(index), *([name] if name is not None else [])]).encode()
