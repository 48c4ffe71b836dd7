"""Batches: how many images fit into one inference, and how they are put together and told apart again."""

from collections.abc import Mapping, Sequence

import numpy as np

from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import Array
from inference_core.errors import EngineError


def largest_batch(spec: TensorSpec, waiting: int) -> int:
    """How many images fit into one inference, given the batch axis of `spec` and how many there are."""
    match spec.shape[0]:
        case int(size):
            return size
        case BucketedAxis(sizes=sizes):
            return max((s for s in sizes if s <= waiting), default=min(sizes))
        case _:
            return waiting


def stack(tensors: Sequence[Array], spec: TensorSpec) -> Array:
    """One batch; a fixed or bucketed batch axis is filled up with zeros, whose answers nobody reads."""
    axis = spec.shape[0]
    size = len(tensors)
    if isinstance(axis, int):
        size = axis
    elif isinstance(axis, BucketedAxis):
        size = min(s for s in axis.sizes if s >= size)
    if size == 1:
        return tensors[0]
    padding = [np.zeros_like(tensors[0])] * (size - len(tensors))
    return np.concatenate([*tensors, *padding])


def check_batch(outputs: Mapping[str, Array], size: int) -> None:
    """Raises EngineError unless every output has the batch on axis 0: a row would else be taken for an image."""
    for name, value in outputs.items():
        if value.shape[:1] != (size,):
            raise EngineError(
                f"model output {name} has no batch axis",
                got=f"{value.dtype.name} {list(value.shape)}",
                expected=f"{size} on axis 0, one for each image of the batch",
                remedy="export the model with the batch on axis 0 of every output",
            )
