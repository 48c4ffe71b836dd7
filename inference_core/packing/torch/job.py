"""From a PyTorch module to a TorchScript archive that answers alike. Run in a process of its own by `source`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference_core.errors import PackError
from inference_core.packing.torch.model import build
from inference_core.packing.torch.outputs import Served, flatten
from inference_core.packing.torch.program import load_program, script_program
from inference_core.packing.torch.torchvision_operators import announce_operators, provide_operators

_TOLERANCE = 1e-4
"""Of the largest value: float32 sums in another order."""


def export_model(model: str, weights: str | None, tensors: Sequence[str], archive: str) -> dict[str, Any]:
    """Traces a module. Where an answer of the trace differs from its own, the module decides by values or sizes.

    Args:
        model, weights: as for `build`.
        tensors: .npy files, each one input.
        archive: the file to write.

    Returns:
        `outputs`, their names in order; `detections`, whether their second axis counts detections; `versions`.

    Raises:
        PackError: it cannot be built, run or traced, or the archive gives other answers.
    """
    provide_operators()
    net = build(model, weights)
    announce_operators()
    detector = _as_detector(net)
    served = Served(detector or net).eval().to(memory_format=torch.channels_last)
    names = _export(served, lambda example: _trace(served, example), tensors, archive)
    return {"outputs": names, "detections": detector is not None, "versions": _versions()}


def export_program(program: str, tensors: Sequence[str], archive: str) -> dict[str, Any]:
    """The same for what torch.export.save wrote, which is scripted."""
    provide_operators()
    served = Served(load_program(Path(program)))
    names = _export(served, lambda _: script_program(load_program(Path(program))), tensors, archive)
    return {"outputs": names, "detections": False, "versions": _versions()}


def _export(
    served: Served, convert: Callable[[Tensor], torch.jit.ScriptModule], tensors: Sequence[str], archive: str
) -> list[str]:
    inputs = [torch.from_numpy(np.load(path, allow_pickle=False)) for path in tensors]
    with torch.no_grad(), torch.jit.optimized_execution(False):  # the same kernels, so that near ties fall alike
        wanted = [_run(served, tensor) for tensor in inputs]
        module = convert(inputs[0]).eval()
        for number, (tensor, answers) in enumerate(zip(inputs, wanted, strict=True), 1):
            found = dict(zip(answers, flatten(module(tensor)).values(), strict=True))
            _compare(answers, found, f"picture {number}, {_describe(tensor)}")
        module.save(archive)
    torch.jit.freeze(torch.jit.load(archive)).save(archive)  # afresh, since what has run does not freeze
    return list(wanted[0])


def _as_detector(net: nn.Module) -> nn.Module | None:
    if "torchvision" not in sys.modules:
        return None
    from inference_core.packing.torch.torchvision_model import Detector, is_detector

    return Detector(net) if is_detector(net) else None


def _run(served: Served, tensor: Tensor) -> dict[str, Tensor]:
    try:
        answer = served.model(tensor)
    except Exception as error:  # whatever the model raises
        raise PackError(
            f"the model cannot be run on {_describe(tensor)}",
            got=f"{type(error).__name__}: {error}".partition("\n")[0],
            expected="a forward that takes the tensor of the recipe's steps",
            remedy="correct the size, layout or dtype in the recipe, or wrap the model in a module with such a forward",
        ) from error
    return flatten(answer)


def _trace(served: Served, example: Tensor) -> torch.jit.ScriptModule:
    try:
        return torch.jit.trace(served, example, check_trace=False)  # checked on every picture instead
    except Exception as error:  # whatever the model raises
        raise PackError(
            "the model cannot be traced",
            got=f"{type(error).__name__}: {error}".partition("\n")[0],
            remedy="return torch.jit.script(model) from the factory, or save it with torch.jit.save and pack that",
        ) from error


def _compare(wanted: dict[str, Tensor], found: dict[str, Tensor], where: str) -> None:
    for name, tensor in wanted.items():
        fault = _difference(tensor, found[name])
        if fault:
            raise PackError(
                f"exported to TorchScript, the model gives another {name} for {where}",
                got=fault,
                expected=f"a difference of at most {_TOLERANCE} times the largest value",
                remedy="rewrite what depends on the values or the size of the picture in forward; torchvision's "
                "detectors want pictures that the recipe has resized as they would",
            )


def _difference(wanted: Tensor, found: Tensor) -> str | None:
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        return f"{_describe(found)} instead of {_describe(wanted)}"
    if not wanted.numel():
        return None
    gap = (wanted.double() - found.double()).abs().max().item()
    scale = wanted.double().abs().max().item()
    close = gap <= _TOLERANCE * scale if wanted.is_floating_point() else gap == 0
    return None if close else f"a difference of {gap:.3g}, the largest value being {scale:.3g}"


def _describe(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _versions() -> dict[str, str]:
    loaded = [name for name in ("torch", "torchvision") if name in sys.modules]
    return {name: str(sys.modules[name].__version__) for name in loaded}
