"""From a picture to detections: canvas, model call, suppression. Only numpy and Pillow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from labels import ByteArray, FloatArray, IntArray

Model = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""float32 [1, 3, S, S] -> boxes xyxy in canvas pixels [N, 4], scores [N, 6]."""


@dataclass(frozen=True)
class Detections:
    """boxes: float32 [n, 4] xyxy in picture pixels; classes: int64 [n]; scores: float32 [n]."""

    boxes: FloatArray
    classes: IntArray
    scores: FloatArray


def letterbox(image: Image.Image, size: int) -> tuple[ByteArray, float]:
    """The RGB `image` scaled into the top left of a grey square, uint8 [size, size, 3], and the
    scale."""
    ratio = min(size / image.width, size / image.height)
    out = (max(1, int(image.width * ratio)), max(1, int(image.height * ratio)))
    canvas = Image.new("RGB", (size, size), (114, 114, 114))
    canvas.paste(image.resize(out, Image.Resampling.BILINEAR), (0, 0))
    return np.asarray(canvas), ratio


def as_input(canvas: ByteArray) -> FloatArray:
    """uint8 [S, S, 3] -> float32 [1, 3, S, S] in 0..1."""
    planes = canvas.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(planes)


def overlaps(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Intersection over union of one box [4] with boxes [n, 4], all xyxy -> [n]."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    union = float((box[2:] - box[:2]).prod()) + areas - shared
    result: FloatArray = (shared / np.maximum(union, 1e-9)).astype(np.float32)
    return result


def suppress(boxes: FloatArray, scores: FloatArray, limit: float, most: int) -> IntArray:
    """Greedy non-maximum suppression: indices kept, best score first, at most `most`."""
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size and len(kept) < most:
        first = int(order[0])
        kept.append(first)
        rest = order[1:]
        order = rest[overlaps(boxes[first], boxes[rest]) <= limit]
    return np.array(kept, dtype=np.int64)


def detect(
    model: Model,
    image: Image.Image,
    size: int,
    threshold: float = 0.02,
    limit: float = 0.5,
    most: int = 300,
) -> Detections:
    """Detections of all classes with a score of at least `threshold`, at most `most`.

    Suppression is per class at an intersection over union of `limit`.
    """
    canvas, ratio = letterbox(image, size)
    boxes, scores = model(as_input(canvas))
    edge = np.array([image.width, image.height] * 2, np.float32)
    boxes = np.clip(boxes / np.float32(ratio), 0, edge).astype(np.float32)
    found: list[tuple[FloatArray, IntArray, FloatArray]] = []
    for number in range(scores.shape[1]):
        strong = np.nonzero(scores[:, number] >= threshold)[0]
        chosen = strong[np.argsort(-scores[strong, number], kind="stable")[:1000]]
        kept = chosen[suppress(boxes[chosen], scores[chosen, number], limit, most)]
        classes = np.full(kept.shape, number, np.int64)
        found.append((boxes[kept], classes, scores[kept, number]))
    all_scores = np.concatenate([part[2] for part in found])
    order = np.argsort(-all_scores, kind="stable")[:most]
    return Detections(
        np.concatenate([part[0] for part in found])[order],
        np.concatenate([part[1] for part in found])[order],
        all_scores[order],
    )
