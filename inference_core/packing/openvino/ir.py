"""OpenVINO's intermediate representation of an ONNX graph: an `.xml` of layers and a `.bin` of weights."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inference_core.bundle.tuning import Precision
from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.calibration import batch_size

if TYPE_CHECKING:
    from inference_core.packing.onnx.quantization import Quantized

FILES: dict[Precision, str] = {
    "fp32": "model.xml",
    "bf16": "model.bf16.xml",
    "fp16": "model.fp16.xml",
    "int8": "model.int8.xml",
}


def to_openvino(graph: ModelGraph, precision: Precision, scratch: Path) -> ModelGraph:
    """Converts an ONNX graph; inputs and outputs keep their names, types and dynamic axes.

    Args:
        graph: an ONNX model. One that is quantized is converted as it is, to int8 only.
        precision: that it is to run in. The weights of fp16 and bf16 are both stored as float16, half the size: IR has
            both, but what the engine computes with follows its precision hint, and float16 has the finer steps. A
            model with weights beyond float16's range (±65504) keeps float32.
        scratch: a folder for what is made.

    Raises:
        PackError: OpenVINO does not know an operator, which is named; or the model has fewer bits than asked for.
        MissingDependencyError: OpenVINO is not installed.
    """
    require("openvino", extra="openvino", purpose="converting a model to OpenVINO")
    _check_precision(graph, precision)
    target = scratch / FILES[precision]
    provenance = run_apart(
        "inference_core.packing.openvino.job:convert",
        purpose="converting the model to OpenVINO",
        model=str(graph.path),
        result=str(target),
        names=_names(graph),
        half=precision in ("bf16", "fp16"),
    )
    return _as_ir(graph, target, precision, provenance)


def quantize_openvino(quantized: "Quantized", calibration: Sequence[Path], scratch: Path) -> ModelGraph:
    """Quantizes with NNCF after training: weights per channel, the inputs of layers per tensor.

    Args:
        quantized: the model, and the nodes of it that are to stay in float32.
        calibration: `.npy` files, each one input tensor [1, ...].
        scratch: a folder for what is made.

    Raises:
        PackError: OpenVINO does not know an operator, which is named.
        MissingDependencyError: OpenVINO or NNCF is not installed.
    """
    require("openvino", extra="openvino", purpose="quantizing a model for OpenVINO")
    require("nncf", extra="nncf", purpose="quantizing a model for OpenVINO")
    target = scratch / FILES["int8"]
    provenance = run_apart(
        "inference_core.packing.openvino.nncf_job:quantize",
        purpose="quantizing the model for OpenVINO",
        model=str(quantized.simple.path),
        result=str(target),
        names=_names(quantized.simple),
        sensitive=quantized.sensitive,
        calibration=[str(path) for path in calibration],
        batch=batch_size(quantized.simple),
    )
    return _as_ir(quantized.simple, target, "int8", provenance)


def _as_ir(graph: ModelGraph, target: Path, precision: Precision, provenance: dict[str, str]) -> ModelGraph:
    return replace(
        graph,
        engine="openvino",
        file=target.name,
        path=target,
        precision=precision,
        companions=[target.with_suffix(".bin").name],
        provenance=provenance,
    )


def _names(graph: ModelGraph) -> list[list[str]]:
    return [[tensor["name"] for tensor in tensors] for tensors in (graph.inputs, graph.outputs)]


def _check_precision(graph: ModelGraph, precision: Precision) -> None:
    """A model can be stored in fewer bits than it has, not in more; int8 takes more than storing."""
    takes = ("int8",) if precision == "int8" else ("fp32", precision)
    if graph.precision not in takes:
        raise PackError(
            f"{graph.path.name} cannot be converted to {precision}",
            got=f"a model in {graph.precision}",
            expected="a model in fp32",
            remedy=f"convert it to {graph.precision}, or give the float32 model that it was made of",
        )
