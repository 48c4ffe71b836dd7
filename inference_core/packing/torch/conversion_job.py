"""From a TorchScript archive to ONNX and to bfloat16. Run in processes of their own by `source`."""

from typing import Any

import numpy as np
import torch

from inference_core.errors import PackError, first_line
from inference_core.packing.torch.outputs import Served
from inference_core.packing.torch.torchvision_operators import announce_operators, provide_operators

_OPSET = 17


def write_onnx(archive: str, tensor: str, onnx: str, image: str, outputs: dict[str, str], axes: dict[str, Any]) -> str:
    """Exports an archive by tracing around it, which keeps its loops and conditions.

    Args:
        archive, onnx: the files to read and to write.
        tensor: a .npy file with an input.
        image: name of the input.
        outputs: their names in the archive by those they get.
        axes: by tensor, the names of axes by their number.

    Returns:
        The version of torch.

    Raises:
        PackError: it cannot be exported.
    """
    provide_operators()
    example = torch.from_numpy(np.load(tensor, allow_pickle=False))
    loaded = _load(archive)
    named = {name: {int(axis): label for axis, label in numbered.items()} for name, numbered in axes.items()}
    try:
        with torch.no_grad():
            traced = torch.jit.trace(Served(loaded, list(outputs.values())), example, check_trace=False)
            torch.onnx.export(
                traced,
                (example,),
                onnx,
                dynamo=False,  # the other exporter takes no archives
                opset_version=_OPSET,
                input_names=[image],
                output_names=list(outputs),
                dynamic_axes=named,
            )
    except Exception as error:  # of many kinds, some from C++
        raise _refusal(error) from error
    return str(torch.__version__)


def round_weights(archive: str, rounded: str) -> str:
    """Writes an archive with float32 weights, frozen or not, in bfloat16. Returns the version of torch."""
    provide_operators()
    loaded = _load(archive)
    loaded.to(torch.bfloat16)
    _round_constants(loaded.graph)
    loaded.save(rounded)
    return str(torch.__version__)


def _refusal(error: Exception) -> PackError:
    if isinstance(error, torch.onnx.errors.UnsupportedOperatorError):
        return PackError(
            "ONNX has no counterpart for an operator of the model", got=str(error), remedy="serve it as TorchScript"
        )
    return PackError(
        "PyTorch cannot export the archive to ONNX",
        got=first_line(error),
        remedy="serve it as TorchScript, or pack the module it was made of, which is traced: scripted detectors "
        "cannot be exported",
    )


def _load(archive: str) -> torch.jit.ScriptModule:
    loaded = torch.jit.load(archive, map_location="cpu")
    if "torchvision::" in str(loaded.inlined_graph):
        import torchvision  # noqa: F401  # which brings what ONNX has for its operators

        announce_operators()
    return loaded


def _round_constants(block: Any) -> None:  # noqa: ANN401  # a graph or a block of it
    """What freezing made of weights. Scalars do not widen what they are multiplied with, and keep their precision."""
    for node in block.nodes():
        for inner in node.blocks():
            _round_constants(inner)
        if node.kind() != "prim::Constant" or not node.hasAttribute("value") or node.kindOf("value") != "t":
            continue
        value = node.t("value")
        if value.dtype == torch.float32 and value.ndim:
            node.t_("value", value.bfloat16())
            node.output().inferTypeFrom(value.bfloat16())
