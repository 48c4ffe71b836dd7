"""Whether the model at an endpoint is the bundle's, by what the endpoint says of it."""

from collections.abc import Sequence

from inference_core.bundle import Artifact, TensorSpec
from inference_core.engines.tensors import describe_shape
from inference_core.errors import EngineError
from inference_core.remote.connection import RemoteModel, RemoteTensor
from inference_core.remote.names import Names

_Difference = tuple[str, str]
"""What is there, and what the bundle has."""


def agree(url: str, remote: RemoteModel, artifact: Artifact, *, split: str) -> Names:
    """What the endpoint calls the artifact's tensors: by their names in the bundle or in the file that was packed, or
    by their places, as Triton does with TorchScript.

    Outputs that the bundle does not have do no harm. An endpoint that names no tensor at all, as MLServer may, is taken
    at its word. With the split `image` it is the service that feeds and reads the model.

    Raises:
        EngineError: they differ, and in what: names, dtypes, ranks, sizes of axes that are fixed on both sides.
    """
    ours = Names(
        {spec.name: spec.name for spec in artifact.inputs}, {spec.name: spec.name for spec in artifact.outputs}
    )
    if split == "image":
        if not remote.takes_images:
            raise EngineError(
                f"the model at {url} takes no encoded pictures",
                got=f"inputs {_listed(remote.inputs)}",
                expected="an input of encoded pictures, as another Satchel has it",
                remedy="set SATCHEL_REMOTE_SPLIT=tensors, or ask a service that has it",
            )
        return ours
    if not remote.inputs and not remote.outputs:
        return ours
    inputs, wrong_inputs = _match("input", remote.inputs, artifact.inputs, artifact)
    outputs, wrong_outputs = _match("output", remote.outputs, artifact.outputs, artifact)
    unknown = [tensor for tensor in remote.inputs if tensor.name not in inputs.values()]
    wrong = [*wrong_inputs, *((f"input {_said(tensor)}", f"no input {tensor.name}") for tensor in unknown)]
    wrong += wrong_outputs
    if wrong:
        raise EngineError(
            f"the model at {url} is not the bundle's",
            got="; ".join(got for got, _ in wrong),
            expected="; ".join(expected for _, expected in wrong),
            remedy="serve this bundle's model there (`satchel export`), or correct SATCHEL_REMOTE_MODEL",
        )
    return Names(inputs, outputs)


def _match(
    kind: str, theirs: Sequence[RemoteTensor], specs: Sequence[TensorSpec], artifact: Artifact
) -> tuple[dict[str, str], list[_Difference]]:
    """The names there by those here, and what differs."""
    there = {tensor.name: tensor for tensor in theirs}
    names: dict[str, str] = {}
    wrong: list[_Difference] = []
    for place, spec in enumerate(specs):
        possible = [spec.name, spec.engine_name]
        if artifact.engine == "torchscript":
            possible.append(f"{kind.upper()}__{place}")
        tensor = next((there[name] for name in possible if name in there), None)
        wanted = f"{kind} {spec.name} {spec.dtype} {describe_shape(spec.shape)}"
        if tensor is None:
            wrong.append((f"no {kind} {spec.name} (it has {_listed(theirs)})", wanted))
            continue
        names[spec.name] = tensor.name
        if tensor.dtype != spec.dtype or not _fits(tensor.shape, spec):
            wrong.append((f"{kind} {_said(tensor)}", wanted))
    return names, wrong


def _fits(shape: tuple[int, ...] | None, spec: TensorSpec) -> bool:
    """Axes agree where both sides fix them; a choice of sizes here is fixed as far as it goes."""
    if shape is None:
        return True
    return len(shape) == len(spec.shape) and all(
        size == -1 or isinstance(axis, str) or (size == axis if isinstance(axis, int) else size in axis.sizes)
        for size, axis in zip(shape, spec.shape, strict=True)
    )


def _said(tensor: RemoteTensor) -> str:
    shape = "" if tensor.shape is None else f" {list(tensor.shape)}"
    return f"{tensor.name} {tensor.dtype}{shape}"


def _listed(tensors: Sequence[RemoteTensor]) -> str:
    return ", ".join(tensor.name for tensor in tensors) or "none"
