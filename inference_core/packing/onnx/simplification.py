"""ONNX graphs as tools like them: one file, constants folded, shapes inferred, nodes named by their first output."""

from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime as ort

from inference_core.engines import EngineOptions
from inference_core.engines.onnx_runtime import session_options
from inference_core.errors import PackError, first_line
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import opset_of

_LARGEST = 2**31 - 1
"""Bytes of a protobuf message."""


def simplify_onnx(graph: ModelGraph, scratch: Path, *, opset: int = 0) -> ModelGraph:
    """Folds constants as onnxruntime's basic optimizations do, whose results are standard ONNX for any tool.

    Args:
        graph: an ONNX model; external weights are taken into the file.
        scratch: a folder, for `simple.onnx`.
        opset: upgraded to this one where it is lower.

    Returns:
        The same inputs and outputs, with other nodes between.

    Raises:
        PackError: too large for one file, or a node cannot be brought to `opset`, or onnxruntime refuses it.
    """
    upgraded, simple = scratch / "upgraded.onnx", scratch / "simple.onnx"
    onnx.save(_upgrade(load_whole(graph), opset, graph.path), str(upgraded))
    options = session_options(EngineOptions(threads=1))
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(simple)
    try:
        ort.InferenceSession(str(upgraded), options, providers=["CPUExecutionProvider"])
        model = onnx.shape_inference.infer_shapes(onnx.load(str(simple)))
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise PackError(f"{graph.path} cannot be simplified", got=first_line(error)) from error
    finally:
        upgraded.unlink()
    for node in model.graph.node:
        node.name = next(name for name in node.output if name)
    onnx.save(model, str(simple))
    return replace(graph, path=simple, companions=[])


def load_whole(graph: ModelGraph) -> onnx.ModelProto:
    """The model with its external weights. Raises PackError where they do not fit into one file."""
    size = sum((graph.path.parent / name).stat().st_size for name in (graph.path.name, *graph.companions))
    if size > _LARGEST:
        raise PackError(
            f"{graph.path} and its weights are too large to convert",
            got=f"{size} bytes",
            expected=f"at most {_LARGEST}, which one ONNX file can hold",
            remedy="serve the model as it is",
        )
    return onnx.load(str(graph.path))


def _upgrade(model: onnx.ModelProto, opset: int, path: Path) -> onnx.ModelProto:
    if opset_of(model) >= opset:
        return model
    try:
        return onnx.version_converter.convert_version(model, opset)
    except Exception as error:  # onnx passes on whatever its C++ part raises
        raise PackError(
            f"{path} cannot be brought from opset {opset_of(model)} to {opset}",
            got=first_line(error),
            remedy=f"export the model with opset {opset}",
        ) from error
