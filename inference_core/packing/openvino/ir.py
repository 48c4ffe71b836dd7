"""OpenVINO's intermediate representation of an ONNX graph: an `.xml` of layers and a `.bin` of weights."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from inference_core.bundle.tuning import Precision
from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.calibration import batch_size, check_calibration
from inference_core.packing.onnx.simplification import simplify_onnx

FILES: dict[Precision, str] = {
    "fp32": "model.xml",
    "bf16": "model.bf16.xml",
    "fp16": "model.fp16.xml",
    "int8": "model.int8.xml",
}


def to_openvino(graph: ModelGraph, precision: Precision, scratch: Path, calibration: Sequence[Path] = ()) -> ModelGraph:
    """Converts an ONNX graph; inputs and outputs keep their names, types and dynamic axes.

    Args:
        graph: an ONNX model. One that is quantized is converted as it is, to int8 only.
        precision: that it is to run in. The weights of fp16 and bf16 are both stored as float16, half the size: IR has
            both, but what the engine computes with follows its precision hint, and float16 has the finer steps. A
            model with weights beyond float16's range (±65504) keeps float32. int8 is NNCF's quantization after
            training: weights per channel, the inputs of layers per tensor.
        scratch: a folder for what is made.
        calibration: `.npy` files, each one input tensor [1, ...]; for int8 of a model that is not quantized.

    Raises:
        PackError: OpenVINO does not know an operator, which is named; or the model cannot be quantized.
        MissingDependencyError: OpenVINO, or NNCF for int8, is not installed.
    """
    require("openvino", extra="openvino", purpose="converting a model to OpenVINO")
    target = scratch / FILES[precision]
    if precision == "int8" and graph.precision != "int8":
        provenance = _quantize(graph, target, calibration)
    else:
        _check_precision(graph, precision)
        half = precision in ("bf16", "fp16")
        provenance = run_apart(
            "inference_core.packing.openvino.job:convert",
            purpose="converting the model to OpenVINO",
            model=str(graph.path),
            result=str(target),
            names=_names(graph),
            half=half,
        )
    return replace(
        graph,
        engine="openvino",
        file=target.name,
        path=target,
        precision=precision,
        companions=[target.with_suffix(".bin").name],
        provenance=provenance,
    )


def _quantize(graph: ModelGraph, target: Path, calibration: Sequence[Path]) -> dict[str, str]:
    require("nncf", extra="nncf", purpose="quantizing a model for OpenVINO")
    check_calibration(graph, calibration)
    given: dict[str, Any] = {"calibration": [str(path) for path in calibration], "batch": batch_size(graph)}
    simple = simplify_onnx(graph, target.parent, opset=17)
    purpose = "quantizing the model for OpenVINO"
    sensitive = run_apart(
        "inference_core.packing.onnx.quantization_job:sensitive_nodes", purpose=purpose, model=str(simple.path), **given
    )
    provenance: dict[str, str] = run_apart(
        "inference_core.packing.openvino.nncf_job:quantize",
        purpose=purpose,
        model=str(simple.path),
        result=str(target),
        names=_names(graph),
        sensitive=sensitive,
        **given,
    )
    return provenance


def _names(graph: ModelGraph) -> list[list[str]]:
    return [[tensor["name"] for tensor in tensors] for tensors in (graph.inputs, graph.outputs)]


def _check_precision(graph: ModelGraph, precision: Precision) -> None:
    """A model can be stored in fewer bits than it has, not in more."""
    if graph.precision not in ("fp32", precision):
        raise PackError(
            f"{graph.path.name} cannot be converted to {precision}",
            got=f"a model in {graph.precision}",
            expected="a model in fp32",
            remedy=f"convert it to {graph.precision}, or give the float32 model that it was made of",
        )
