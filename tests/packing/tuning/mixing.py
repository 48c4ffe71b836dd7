"""Classifiers whose batch axis takes any number of images, and which answer as they should for one only."""

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.packing.bench import model_of

Fault = Literal["mean", "first", "flat"]

_NODES = {
    # A share of the batch's mean is taken off, as by a normalisation that was left in training mode.
    "mean": [
        helper.make_node("ReduceMean", ["means"], ["mean"], axes=[0]),
        helper.make_node("Mul", ["mean", "share"], ["offset"]),
        helper.make_node("Sub", ["means", "offset"], ["logits"]),
    ],
    # Every row is the first one's answer.
    "first": [
        helper.make_node("Gather", ["means", "row"], ["row_0"], axis=0),
        helper.make_node("Mul", ["means", "nothing"], ["zeros"]),
        helper.make_node("Add", ["zeros", "row_0"], ["logits"]),
    ],
    # One row holds the answers of all.
    "flat": [helper.make_node("Reshape", ["means", "shape"], ["logits"])],
}


def write_mixing(path: Path, fault: Fault) -> Path:
    """Logits [N, 3] of input [N, 3, 8, 8]: the means of the channels, where N is 1, of the mean fault 0.9 of them."""
    weights: dict[str, NDArray[np.generic]] = {
        "share": np.array(0.1, np.float32),
        "row": np.array([0], np.int64),
        "nothing": np.array(0, np.float32),
        "shape": np.array([1, -1], np.int64),
    }
    nodes: list[onnx.NodeProto] = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        *_NODES[fault],
    ]
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items() if name in used]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", "classes"])
    path.write_bytes(model_of(helper.make_graph(nodes, "mixing", [image], [logits], initializers)))
    return path
