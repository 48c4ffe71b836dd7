"""PyTorch models: exported to TorchScript, and from TorchScript to ONNX and to bfloat16.

Python torch does all of it, in processes of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_core.bundle import Recipe
from inference_core.dependencies import require
from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph, TensorFacts
from inference_core.packing.pictures import generated_pictures, write_tensors

_JOBS = "inference_core.packing.torch.job"
_CONVERSIONS = "inference_core.packing.torch.conversion_job"
_ONNX = "model.onnx"
_BF16 = "model.bf16.pt"


def inspect_torch(model: str, weights: str | None, recipe: Recipe, scratch: Path) -> ModelGraph:
    """Exports a PyTorch model, on the tensors that the recipe's steps make of pictures of several shapes.

    Modules are traced and have to answer these tensors as their archive does; what torch.export saved is scripted.
    Detectors of torchvision take one image [1, 3, H, W] then, and give boxes [1, K, 4], labels [1, K], scores [1, K]
    and, as the case may be, masks [1, K, 1, h, w] that span their boxes.

    Args:
        model: `torchvision:NAME`, `module:factory` (either with arguments, as in `?num_classes=5`), or a file that
            torch.export.save wrote.
        weights: a file with a state_dict, `random` for those that training starts with, or `own` for those that the
            factory puts in; None for a file.
        recipe: how the model is to be fed.
        scratch: a folder for the archive.

    Raises:
        PackError: it cannot be built, run or exported.
        MissingDependencyError: torch, or what else it needs, is not installed.
    """
    require("torch", extra="pack-torch", purpose="packing a PyTorch model")
    from inference_core.packing.torch.archive import inspect_torchscript

    archive = scratch / "exported.pt"
    tensors = write_tensors(generated_pictures(scratch), recipe, scratch / "tensors")
    arguments: dict[str, Any] = {"tensors": list(map(str, tensors)), "archive": str(archive)}
    if Path(model).is_file():
        told = run_apart(f"{_JOBS}:export_program", purpose="exporting the program", program=model, **arguments)
    else:
        told = run_apart(
            f"{_JOBS}:export_model", purpose="exporting the model", model=model, weights=weights, **arguments
        )
    graph = inspect_torchscript(archive, recipe, scratch, names=told["outputs"])
    outputs = [_of_detections(spec) for spec in graph.outputs] if told["detections"] else graph.outputs
    return replace(graph, outputs=outputs, provenance=graph.provenance | told["versions"])


def torchscript_to_onnx(graph: ModelGraph, scratch: Path, tensors: Sequence[Path]) -> ModelGraph:
    """The archive as ONNX. One that was scripted from a detector cannot be exported.

    Args:
        graph: of a TorchScript archive.
        scratch: a folder for the file.
        tensors: .npy files, of which the first is traced with.

    Raises:
        PackError: it cannot be exported.
        MissingDependencyError: torch is not installed.
    """
    require("torch", extra="pack-torch", purpose="exporting TorchScript to ONNX")
    [image] = graph.inputs
    version = run_apart(
        f"{_CONVERSIONS}:write_onnx",
        purpose="exporting to ONNX",
        archive=str(graph.path),
        tensor=str(tensors[0]),
        onnx=str(scratch / _ONNX),
        image=image["name"],
        outputs={spec["name"]: spec.get("native", spec["name"]) for spec in graph.outputs},
        axes={spec["name"]: _named_axes(spec) for spec in [image, *graph.outputs]},
    )
    return ModelGraph(
        engine="onnxruntime",
        file=_ONNX,
        path=scratch / _ONNX,
        inputs=[_without_native(image)],
        outputs=[_without_native(spec) for spec in graph.outputs],
        precision="fp32",
        provenance=graph.provenance | {"torch": version},
    )


def round_torchscript(graph: ModelGraph, scratch: Path) -> ModelGraph:
    """The archive with its weights in bfloat16; inputs and outputs stay float32.

    Raises:
        MissingDependencyError: torch is not installed.
    """
    require("torch", extra="pack-torch", purpose="rounding a TorchScript archive to bfloat16")
    version = run_apart(
        f"{_CONVERSIONS}:round_weights",
        purpose="rounding to bfloat16",
        archive=str(graph.path),
        rounded=str(scratch / _BF16),
    )
    provenance = graph.provenance | {"torch": version}
    return replace(graph, file=_BF16, path=scratch / _BF16, precision="bf16", provenance=provenance)


def _of_detections(spec: TensorFacts) -> TensorFacts:
    """How many detections there are says the picture, whatever the trial pictures had."""
    return spec | {"shape": [*spec["shape"][:1], "detections", *spec["shape"][2:]]}


def _named_axes(spec: TensorFacts) -> dict[int, str]:
    return {axis: size for axis, size in enumerate(spec["shape"]) if isinstance(size, str)}


def _without_native(spec: TensorFacts) -> TensorFacts:
    return {key: value for key, value in spec.items() if key != "native"}
