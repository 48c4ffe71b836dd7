"""Batches: how many images fit into one inference, and how they are put together and told apart again."""

from collections.abc import Mapping, Sequence

import numpy as np

from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import Array, Engine
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


def infer_in_parts(
    engine: Engine, inputs: Mapping[str, Array], specs: Sequence[TensorSpec], deadline: float | None
) -> dict[str, Array]:
    """Runs any number of items along axis 0: in parts that the batch axis allows, the last one filled up.

    Inputs that do not agree on the number of items go to the engine as they are, which says what is wrong with them.

    Raises:
        EngineError, DeadlineError: see `Engine.infer`.
    """
    given = [inputs[spec.name] for spec in specs if spec.name in inputs]
    counts = {len(value) if value.ndim else 0 for value in given}
    total = counts.pop() if len(counts) == 1 and len(given) == len(specs) == len(inputs) else 0
    first = specs[0]
    if total == 0 or not first.shape or total == _whole(first, total):
        return engine.infer(inputs, deadline=deadline)
    parts: list[dict[str, Array]] = []
    done = 0
    while done < total:
        count = min(largest_batch(first, total - done), total - done)
        part = {spec.name: stack(np.split(inputs[spec.name][done : done + count], count), spec) for spec in specs}
        outputs = engine.infer(part, deadline=deadline)
        check_batch(outputs, len(part[first.name]))
        parts.append({name: value[:count] for name, value in outputs.items()})
        done += count
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _whole(spec: TensorSpec, total: int) -> int:
    """The size of one inference on `total` items, as far as they fit into one."""
    axis = spec.shape[0]
    return total if isinstance(axis, BucketedAxis) and total in axis.sizes else largest_batch(spec, total)
