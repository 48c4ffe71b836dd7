"""Whether a caller's tensors are those that a model takes."""

from collections.abc import Sequence

from inference_core.bundle import Artifact, TensorSpec
from inference_core.bundle.tensors import Axis, BucketedAxis
from inference_core.engines.tensors import describe_shape, fits
from inference_core.errors import BadRequestError
from inference_core.oip.datatypes import datatype_of
from inference_core.oip.tensors import Array, Tensor

_NOT_FED = {"bfloat16", "string"}
"""What no engine takes from Python."""


def check_fed(tensors: Sequence[Tensor], artifact: Artifact) -> dict[str, Array]:
    """The arrays for `Scheduler.infer`.

    Raises:
        BadRequestError: names, datatypes or shapes are not those of the artifact. Several items along axis 0 are
            those of the artifact if it has a batch there, whatever its size.
    """
    names = [tensor.name for tensor in tensors]
    wanted = [spec.name for spec in artifact.inputs]
    if sorted(names) != sorted(wanted):
        raise BadRequestError(
            "the inputs are not those of the model",
            got=", ".join(names) or "none",
            expected=", ".join(wanted),
            remedy="ask GET /v2/models/NAME for the inputs, or send encoded pictures as one BYTES input called image",
        )
    given = {tensor.name: tensor for tensor in tensors}
    batched = has_batch(artifact)
    for spec in artifact.inputs:
        _check_one(given[spec.name], spec, batched=batched)
    if len({given[name].array.shape[:1] for name in wanted}) > 1 and not _fit_exactly(given, artifact):
        raise BadRequestError(
            "the inputs do not agree on the number of items",
            got=", ".join(f"{name} {list(given[name].array.shape)}" for name in wanted),
            expected="one size on axis 0",
        )
    return {name: given[name].array for name in wanted}


def has_batch(artifact: Artifact) -> bool:
    """Whether axis 0 of every tensor counts the items, so that any number of them can be run in parts."""
    inputs = [spec.shape[0] if spec.shape else None for spec in artifact.inputs]
    outputs = [spec.shape[0] if spec.shape else None for spec in artifact.outputs]
    first = inputs[0]
    if any(axis != first for axis in inputs):
        return False
    if isinstance(first, BucketedAxis):
        return all(axis == first or isinstance(axis, str) for axis in outputs)
    return isinstance(first, int) and all(axis == first for axis in outputs)


def _check_one(tensor: Tensor, spec: TensorSpec, *, batched: bool) -> None:
    if spec.dtype in _NOT_FED:
        raise BadRequestError(
            f"input {spec.name} cannot be given as a tensor",
            got=tensor.datatype,
            expected=f"no {spec.dtype}, which the engine takes from nobody",
            remedy="send encoded pictures as one BYTES input called image",
        )
    shape = tensor.array.shape
    datatype = datatype_of(spec.dtype)
    fitting = fits(shape, spec.shape) or (batched and shape[:1] > (0,) and fits(shape[1:], spec.shape[1:]))
    if tensor.datatype != datatype or not fitting:
        raise BadRequestError(
            f"input {spec.name} does not fit the model",
            got=f"{tensor.datatype} {list(shape)}",
            expected=f"{datatype} {_expected(spec.shape, batched=batched)}",
        )


def _fit_exactly(given: dict[str, Tensor], artifact: Artifact) -> bool:
    return all(fits(given[spec.name].array.shape, spec.shape) for spec in artifact.inputs)


def _expected(shape: tuple[Axis, ...], *, batched: bool) -> str:
    return describe_shape(("any number", *shape[1:]) if batched else shape)
