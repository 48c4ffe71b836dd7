"""Write the exported ONNX model as a frozen TensorFlow graph and check it against onnxruntime.

The network of model.py in TensorFlow's own operations, its weights out of the ONNX file. Names, shapes and layouts of
input and outputs are those of the ONNX file; within, maps are [1, h, w, channels], as TensorFlow's convolutions on CPUs
want them. Torch is not used here: the two cannot be relied on to share a process.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from exported import Convolution, arguments, compare, convolutions, random_picture, side
from grid import STRIDES, WIDEST
from labels import CLASSES, FloatArray


class Network:
    """The layers of model.py, each convolution with the next weights."""

    def __init__(self, weights: Sequence[Convolution]) -> None:
        self._left = iter(weights)

    def detect(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """float [1, S, S, 3] in 0..1 -> boxes [1, N, 4], scores [1, N, 6]."""
        pixels = images.shape[1]
        heads = [self._head(x) for x in self._neck(*self._backbone(images))]
        scores = tf.sigmoid(tf.concat([logits for logits, _ in heads], 1))
        reach = tf.exp(tf.minimum(tf.concat([logs for _, logs in heads], 1), WIDEST))
        centres, strides = cells(pixels)
        reach *= strides[:, None]
        boxes = tf.concat([centres - reach[..., :2], centres + reach[..., 2:]], -1)
        if next(self._left, None) is not None:
            raise RuntimeError("the ONNX file has more convolutions than this network")
        return boxes, scores

    def _backbone(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        x = self._stage(self._conv(x, 2), 1)
        third = self._stage(x, 2)
        fourth = self._stage(third, 2)
        parts = [self._conv(self._stage(fourth, 2))]
        for _ in range(3):
            parts.append(tf.nn.max_pool2d(parts[-1], 5, 1, "SAME"))
        return third, fourth, self._conv(tf.concat(parts, -1))

    def _neck(self, *maps: tf.Tensor) -> list[tf.Tensor]:
        low, mid, high = (self._conv(x) for x in maps)
        mid = self._residual(mid + _doubled(high))
        low = self._residual(low + _doubled(mid))
        mid = self._residual(mid + self._conv(low, 2))
        high = self._residual(high + self._conv(mid, 2))
        return [low, mid, high]

    def _head(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = self._plain(self._residual(x))
        logs = self._plain(self._residual(self._residual(x)))
        return tf.reshape(logits, [1, -1, len(CLASSES)]), tf.reshape(logs, [1, -1, 4])

    def _stage(self, x: tf.Tensor, depth: int) -> tf.Tensor:
        x = self._conv(x, 2)
        for _ in range(depth):
            x = self._residual(x)
        return x

    def _residual(self, x: tf.Tensor) -> tf.Tensor:
        return x + self._conv(self._conv(x))

    def _conv(self, x: tf.Tensor, stride: int = 1) -> tf.Tensor:
        x = self._plain(x, stride)
        return x * tf.sigmoid(x)

    def _plain(self, x: tf.Tensor, stride: int = 1) -> tf.Tensor:
        weight, bias = next(self._left)
        # Not "SAME", which for a stride of 2 pads at the end only.
        pad = [weight.shape[-1] // 2] * 2
        y = tf.nn.conv2d(x, weight.transpose(2, 3, 1, 0), stride, [[0, 0], pad, pad, [0, 0]])
        return tf.nn.bias_add(y, bias)


def _doubled(x: tf.Tensor) -> tf.Tensor:
    return tf.image.resize(x, [x.shape[1] * 2, x.shape[2] * 2], "nearest")


def cells(pixels: int) -> tuple[FloatArray, FloatArray]:
    """Centres [N, 2] (x, y) and strides [N] of all cells of a square of `pixels`, as those of model.py."""
    centres, strides = [], []
    for stride in STRIDES:
        axis = (np.arange(pixels // stride, dtype=np.float32) + np.float32(0.5)) * np.float32(stride)
        centres.append(np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2))
        strides.append(np.full(len(axis) ** 2, stride, np.float32))
    return np.concatenate(centres), np.concatenate(strides)


def build(weights: Sequence[Convolution], pixels: int) -> tf.Graph:
    """The graph, from `images` to `boxes` and `scores`. All weights are constants: there is nothing to freeze."""
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, [1, 3, pixels, pixels], "images")
        boxes, scores = Network(weights).detect(tf.transpose(images, [0, 2, 3, 1]))
        tf.identity(boxes, "boxes")
        tf.identity(scores, "scores")
    return graph


def main() -> None:
    """Command line."""
    args = arguments(__doc__, "graph to write, such as card_elements.pb")
    pixels = side(args.model)
    images = random_picture(pixels)
    graph = build(convolutions(args.model), pixels)
    args.out.write_bytes(graph.as_graph_def().SerializeToString(deterministic=True))
    with tf.compat.v1.Session(graph=graph) as session:
        boxes, scores = session.run(["boxes:0", "scores:0"], {"images:0": images})
    compare(args.model, images, boxes, scores)
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
