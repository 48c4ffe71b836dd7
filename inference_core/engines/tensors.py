"""Checks of concrete arrays against the tensors an artifact declares, shared by every engine."""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from inference_core.bundle.tensors import Axis, BucketedAxis, TensorSpec
from inference_core.engines.engine import Array
from inference_core.errors import EngineError

_DYNAMIC_WARM_UP = 1


def check_inputs(inputs: Mapping[str, Array], specs: Sequence[TensorSpec]) -> None:
    """Raises EngineError unless `inputs` has exactly the declared names, dtypes and shapes."""
    wanted = {spec.name for spec in specs}
    if inputs.keys() != wanted:
        raise EngineError(
            "the inputs are not those of the model",
            got=", ".join(sorted(inputs)) or "none",
            expected=", ".join(sorted(wanted)),
            remedy="name the inputs as in the bundle's artifact",
        )
    for spec in specs:
        value = inputs[spec.name]
        if value.dtype.name != spec.dtype or not fits(value.shape, spec.shape):
            raise EngineError(
                f"input {spec.name} does not fit the model",
                got=f"{value.dtype.name} {list(value.shape)}",
                expected=f"{spec.dtype} {describe_shape(spec.shape)}",
                remedy="the preprocessing steps must give this tensor: correct the recipe and pack again",
            )


def fits(shape: Sequence[int], axes: Sequence[Axis]) -> bool:
    """Whether a concrete shape is one of those the axes allow."""
    return len(shape) == len(axes) and all(_fits(size, axis) for size, axis in zip(shape, axes, strict=True))


def _fits(size: int, axis: Axis) -> bool:
    match axis:
        case int():
            return size == axis
        case BucketedAxis():
            return size in axis.sizes
        case _:
            return size >= 1


def describe_shape(axes: Sequence[Axis]) -> str:
    """Such as `[batch, 3, 224|256, 224]`."""
    return f"[{', '.join('|'.join(map(str, a.sizes)) if isinstance(a, BucketedAxis) else str(a) for a in axes)}]"


def warm_up_inputs(specs: Sequence[TensorSpec]) -> Iterator[dict[str, Array]]:
    """Zero inputs in every declared shape: all combinations of buckets, a dynamic batch axis counting as 1.

    None where another axis is dynamic: only the pipeline knows which sizes come, and warms them with a picture.
    """
    if any(isinstance(axis, str) for spec in specs for axis in spec.shape[1:]):
        return
    choices = [itertools.product(*(_sizes(axis) for axis in spec.shape)) for spec in specs]
    for shapes in itertools.product(*choices):
        yield {spec.name: np.zeros(shape, spec.dtype) for spec, shape in zip(specs, shapes, strict=True)}


def _sizes(axis: Axis) -> tuple[int, ...]:
    match axis:
        case int():
            return (axis,)
        case BucketedAxis():
            return axis.sizes
        case _:
            return (_DYNAMIC_WARM_UP,)
