"""ONNX graphs in float16, for devices that compute in it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

from inference_core.errors import PackError, first_line
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.simplification import simplify_onnx

FILE = "model.fp16.onnx"
_LARGEST = float(np.finfo(np.float16).max)


def halve_onnx(graph: ModelGraph, scratch: Path) -> ModelGraph:
    """Stores weights as float16 and computes in it; inputs and outputs stay float32, with casts behind them.

    Operators that have no float16 form, and nodes with a weight beyond its range (±65504), stay in float32.

    Args:
        graph: an ONNX model in fp32.
        scratch: a folder for what is made.

    Raises:
        PackError: the model is not in fp32, or cannot be converted.
    """
    if graph.precision != "fp32":
        raise PackError(
            f"{graph.path.name} cannot be converted to fp16",
            got=f"a model in {graph.precision}",
            expected="a model in fp32",
            remedy="give the float32 model that it was made of",
        )
    simple = simplify_onnx(graph, scratch)
    model = onnx.load(str(simple.path))
    try:
        half = convert_float_to_float16(
            model,
            keep_io_types=True,
            op_block_list=DEFAULT_OP_BLOCK_LIST,
            node_block_list=list(_beyond_range(model.graph)),
        )
    except (AssertionError, ValueError, onnx.shape_inference.InferenceError) as error:
        raise PackError(f"{graph.path.name} cannot be converted to fp16", got=first_line(error)) from error
    ONNXModel(half).topological_sort()  # the casts are at the end
    target = scratch / FILE
    onnx.save(half, str(target))
    provenance = {"onnxruntime fp16": f"onnxruntime {ort.__version__}"}
    return replace(simple, file=FILE, path=target, precision="fp16", provenance=provenance)


def _beyond_range(graph: onnx.GraphProto) -> Iterator[str]:
    """Nodes that read a weight which float16 cannot hold."""
    large = {tensor.name for tensor in graph.initializer if _is_large(tensor)}
    return (node.name for node in graph.node if large.intersection(node.input))


def _is_large(tensor: onnx.TensorProto) -> bool:
    if tensor.data_type != onnx.TensorProto.FLOAT:
        return False
    return bool((np.abs(onnx.numpy_helper.to_array(tensor)) > _LARGEST).any())
