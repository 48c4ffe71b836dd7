"""The exported ONNX file as the source of further forms: its weights, and its answers to compare with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

from labels import FloatArray


def arguments(about: str | None, target: str) -> argparse.Namespace:
    """`--model`, the file to read, and `--out`, which `target` describes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file of export.py")
    parser.add_argument("--out", type=Path, required=True, help=target)
    return parser.parse_args()


class Convolution(NamedTuple):
    """Batch normalisation is part of it: the exporter has folded it in."""

    weight: FloatArray
    """[outputs, inputs, kernel, kernel]."""
    bias: FloatArray
    """[outputs]."""


def convolutions(path: Path) -> list[Convolution]:
    """Those of the graph, in the order in which they run."""
    graph = onnx.load(path).graph
    values = {tensor.name: tensor for tensor in graph.initializer}
    found = [node.input[1:] for node in graph.node if node.op_type == "Conv"]
    return [Convolution(*(onnx.numpy_helper.to_array(values[name]) for name in names)) for names in found]


def side(path: Path) -> int:
    """Of the square input, in pixels."""
    [images] = onnx.load(path).graph.input
    return int(images.type.tensor_type.shape.dim[-1].dim_value)


def random_picture(pixels: int) -> FloatArray:
    """float32 [1, 3, S, S] in 0..1, the same every time."""
    return np.random.default_rng(0).random((1, 3, pixels, pixels), dtype=np.float32)


def compare(path: Path, images: FloatArray, boxes: FloatArray, scores: FloatArray) -> None:
    """Raise unless onnxruntime gives the same boxes and scores for `images`."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted_boxes, wanted_scores = session.run(["boxes", "scores"], {"images": images})
    box_gap = float(np.abs(boxes - np.asarray(wanted_boxes)).max())
    score_gap = float(np.abs(scores - np.asarray(wanted_scores)).max())
    print(f"largest difference from onnxruntime: boxes {box_gap:.2e} pixels, scores {score_gap:.2e}")
    if box_gap > 0.05 or score_gap > 1e-4:
        raise RuntimeError(f"{path} answers otherwise")
