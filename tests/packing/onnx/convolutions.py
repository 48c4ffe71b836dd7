"""Chains of 1x1 convolutions with a weight for each channel, and tensors to calibrate them with."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from tests.packing.bench import model_of

Array = np.ndarray[Any, Any]
WEIGHTS = np.array([[0.9, -0.2, 0.1], [0.3, 0.7, 0.0], [-0.5, 0.2, 0.6]], np.float32)
"""Out, in."""


def write_chain(path: Path, *layers: Array, batch: int | str = "batch") -> ModelGraph:
    """`scores` [N, 3]: the means over the image of input `images` [N, 3, 8, 8] after each layer [out, in]."""
    nodes, value = [], "images"
    for index in range(len(layers)):
        nodes.append(helper.make_node("Conv", [value, f"weights{index}"], [f"layer{index}"]))
        value = f"layer{index}"
    nodes += [
        helper.make_node("GlobalAveragePool", [value], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["scores"]),
    ]
    weights = [
        numpy_helper.from_array(np.asarray(layer, np.float32)[:, :, None, None], f"weights{index}")
        for index, layer in enumerate(layers)
    ]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, 8, 8])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, 3])
    path.write_bytes(model_of(helper.make_graph(nodes, "chain", [image], [scores], weights)))
    return inspect_onnx(path)


def write_tensors(folder: Path, count: int = 4) -> list[Path]:
    """Random images [1, 3, 8, 8] in 0..1, each of which reaches both ends."""
    random = np.random.default_rng(0)
    paths = [folder / f"{index}.npy" for index in range(count)]
    for path in paths:
        tensor = random.random((1, 3, 8, 8), np.float32)
        tensor[0, :, 0, 0], tensor[0, :, 0, 1] = 0, 1
        np.save(path, tensor)
    return paths


def run_onnx(path: Path, tensor: Array) -> Array:
    """The only output, of the graph as it is written: the kernels that optimising puts in its place saturate on CPUs
    without VNNI."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    answer: Array = session.run(None, {session.get_inputs()[0].name: tensor})[0]
    return answer


def means(tensor: Array, *layers: Array) -> Array:
    """What the chain gives, in float64."""
    value: Array = tensor.astype(np.float64).mean(axis=(2, 3))
    for layer in layers:
        value = np.matmul(value, np.asarray(layer, np.float64).T)
    return value


def kinds(path: Path) -> list[str]:
    """Operators of a graph, in order."""
    return [node.op_type for node in onnx.load(str(path)).graph.node]
