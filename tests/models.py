"""Tiny ONNX models whose answers can be worked out by hand, and bundles packed from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference_core.packing import pack_model

OPSET = 17
IR_VERSION = 10

CLASSIFIER_RECIPE = """
name = "tiny_classifier"
task = "classification"
architecture = "tiny"
license = "MIT"
labels = "labels.txt"

preprocess = [
  {op = "decode", color = "RGB"},
  {op = "resize", width = 8, height = 8, resample = "nearest", antialias = false},
  {op = "tensor", layout = "NCHW", dtype = "float32", scale = 0.00392156862745098},
]
postprocess = [{op = "softmax"}, {op = "top", k = 2}]
"""

DETECTOR_RECIPE = """
name = "tiny_detector"
task = "detection"
architecture = "tiny"
license = "MIT"
labels = "labels.txt"

preprocess = [
  {op = "decode", color = "RGB"},
  {op = "letterbox", width = 32, height = 32, anchor = "top-left", resample = "nearest", antialias = false},
  {op = "tensor", layout = "NCHW", dtype = "float32"},
]
postprocess = [
  {op = "boxes", boxes = "boxes", scores = "scores"},
  {op = "score", min = 0.5},
  {op = "nms", iou = 0.5},
  {op = "top", k = 10},
  {op = "restore"},
]
"""

POSE_RECIPE = """
name = "tiny_pose"
task = "pose"
architecture = "tiny"
license = "MIT"
labels = "labels.txt"
skeleton = [[0, 1], [1, 2]]

preprocess = [
  {op = "decode", color = "RGB"},
  {op = "resize", width = 32, height = 32, resample = "nearest", antialias = false},
  {op = "tensor", layout = "NCHW", dtype = "float32", scale = 0.00392156862745098},
]
postprocess = [{op = "heat_maps"}, {op = "restore"}]
"""

ENLARGER_RECIPE = """
name = "tiny_enlarger"
task = "super_resolution"
architecture = "tiny"
license = "MIT"
labels = "labels.txt"

preprocess = [
  {op = "decode", color = "Y"},
  {op = "tensor", layout = "NCHW", dtype = "float32", scale = 0.00392156862745098},
]
postprocess = [{op = "luma", factor = 2}]
"""

BOXES = ((0.0, 0.0, 16.0, 16.0), (1.0, 1.0, 16.0, 16.0), (8.0, 8.0, 32.0, 32.0), (0.0, 0.0, 4.0, 4.0))
SCORES = ((0.9, 0.1), (0.8, 0.1), (0.1, 0.7), (0.3, 0.2))
"""Box 1 overlaps box 0 (same class) and falls to suppression; box 3 is below the threshold."""


def write_classifier(path: Path, *, batch: int | str = "batch", scale: float = 10.0) -> Path:
    """Logits [N, 3]: `scale` times the mean of each colour channel of input [N, 3, 8, 8]."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Mul", ["means", "scale"], ["logits"]),
    ]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, 3])
    return _save(path, nodes, [image], [logits], {"scale": np.array(scale, np.float32)})


def write_detector(path: Path, *, boxes: Sequence[Any] = BOXES, scores: Sequence[Any] = SCORES) -> Path:
    """Gives `boxes` [1, A, 4] and `scores` [1, A, 2] for any input [1, 3, 32, 32]."""
    constants = {
        "b": np.array([boxes], np.float32),
        "s": np.array([scores], np.float32),
        "zero": np.zeros((), np.float32),
    }
    # The constants pass through the image, so that the input is part of the graph.
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["peak"], keepdims=0),
        helper.make_node("Mul", ["peak", "zero"], ["nothing"]),
        helper.make_node("Add", ["b", "nothing"], ["boxes"]),
        helper.make_node("Add", ["s", "nothing"], ["scores"]),
    ]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, constants[name[0]].shape) for name in ("boxes", "scores")
    ]
    return _save(path, nodes, [image], outputs, constants)


def pack_classifier(folder: Path, **options: Any) -> Path:
    """A bundle of the classifier, in `folder / "tiny_classifier"`; labels red, green, blue."""
    model = write_classifier(folder / "classifier.onnx", **options)
    return _pack(folder, model, CLASSIFIER_RECIPE, ["red", "green", "blue"])


def pack_detector(folder: Path, **options: Any) -> Path:
    """A bundle of the detector, in `folder / "tiny_detector"`; labels cat, dog."""
    model = write_detector(folder / "detector.onnx", **options)
    return _pack(folder, model, DETECTOR_RECIPE, ["cat", "dog"])


def pack_pose(folder: Path) -> Path:
    """A bundle, in `folder / "tiny_pose"`, of a model whose three keypoints are the reddest, greenest and bluest pixel
    of 32 x 32; label thing."""
    shape: list[int | str | None] = ["batch", 3, 32, 32]
    images, maps = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("images", "maps"))
    model = _save(folder / "pose.onnx", [helper.make_node("Identity", ["images"], ["maps"])], [images], [maps], {})
    return _pack(folder, model, POSE_RECIPE, ["thing"])


def write_enlarger(path: Path) -> Path:
    """Gives each pixel of any input [N, 1, H, W] four times, as [N, 1, 2 H, 2 W]."""
    scales = {"scales": np.array([1, 1, 2, 2], np.float32)}
    nodes = [
        helper.make_node(
            "Resize", ["luma", "", "scales"], ["large"], mode="nearest", coordinate_transformation_mode="asymmetric"
        )
    ]
    image = helper.make_tensor_value_info("luma", TensorProto.FLOAT, ["batch", 1, "height", "width"])
    large = helper.make_tensor_value_info("large", TensorProto.FLOAT, ["batch", 1, "large_height", "large_width"])
    return _save(path, nodes, [image], [large], scales)


def pack_enlarger(folder: Path) -> Path:
    """A bundle of the enlarger, in `folder / "tiny_enlarger"`."""
    return _pack(folder, write_enlarger(folder / "enlarger.onnx"), ENLARGER_RECIPE, ["picture"])


def _pack(folder: Path, model: Path, recipe: str, labels: list[str]) -> Path:
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    written = folder / f"{model.stem}.toml"
    written.write_text(recipe)
    target = folder / "models" / f"tiny_{model.stem}"
    pack_model(model, str(written), target, force=True)
    return target


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    weights: dict[str, Any],
) -> Path:
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
