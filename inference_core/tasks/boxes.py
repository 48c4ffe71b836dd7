"""Box decoding and suppression: the reference implementations."""

from functools import lru_cache

import numpy as np

from inference_core.bundle.postprocess import Boxes, Nms, Yolox
from inference_core.errors import EngineError
from inference_core.tasks.states import Detections, Floats, Integers, ScoredBoxes, Tensors

_LARGEST_LOG = 20.0
"""exp of it is wider than any image; beyond it a wild box would overflow float32."""


def decode_yolox(step: Yolox, tensors: Tensors) -> ScoredBoxes:
    """Decodes the YOLOX head. Source: arXiv:2107.08430 and the upstream repository Megvii-BaseDetection/YOLOX."""
    raw = tensors.output(step.output)
    if raw.ndim != 2 or raw.shape[1] < 6:
        raise _misfit("the YOLOX output", raw, "[rows, 5 + classes]")
    cells, strides = _grid(tensors.input_width, tensors.input_height, step.strides)
    if len(cells) != len(raw):
        raise EngineError(
            "the YOLOX output does not fit the input size and the strides",
            got=f"{len(raw)} rows",
            expected=f"{len(cells)} rows for {tensors.input_width} x {tensors.input_height}, strides {step.strides}",
            remedy="correct the strides in the recipe and pack the model again",
        )
    centers = (raw[:, 0:2] + cells) * strides
    half = np.exp(raw[:, 2:4].clip(max=_LARGEST_LOG)) * strides / 2
    boxes = np.concatenate([centers - half, centers + half], axis=1)
    return ScoredBoxes(boxes, raw[:, 4:5] * raw[:, 5:], tensors.geometry)


@lru_cache(maxsize=32)
def _grid(width: int, height: int, strides: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Cell coordinates [A, 2] (x, y) and strides [A, 1], row by row, stride by stride."""
    cells, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[0 : height // stride, 0 : width // stride]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        sizes.append(np.full((x.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def read_boxes(step: Boxes, tensors: Tensors) -> ScoredBoxes:
    """Brings boxes that the graph has decoded to xyxy in input pixels."""
    raw, scores = tensors.output(step.boxes), tensors.output(step.scores)
    if raw.ndim != 2 or raw.shape[1] != 4:
        raise _misfit(f"the boxes output {step.boxes}", raw, "[rows, 4]")
    if scores.ndim != 2 or len(scores) != len(raw) or scores.shape[1] < 1:
        raise _misfit(f"the scores output {step.scores}", scores, f"[{len(raw)}, classes], a row for each box")
    match step.format:
        case "xyxy":
            boxes = raw
        case "yxyx":
            boxes = raw[:, [1, 0, 3, 2]]
        case "cxcywh":
            half = raw[:, 2:4] / 2
            boxes = np.concatenate([raw[:, 0:2] - half, raw[:, 0:2] + half], axis=1)
    if step.normalized:
        width, height = tensors.input_width, tensors.input_height
        boxes = boxes * np.array([width, height, width, height], boxes.dtype)
    return ScoredBoxes(boxes, scores, tensors.geometry)


def _misfit(what: str, value: Floats, expected: str) -> EngineError:
    return EngineError(
        f"{what} does not have the shape that its step reads",
        got=f"{list(value.shape)} for one image",
        expected=expected,
        remedy="correct the postprocess steps in the recipe and pack the model again",
    )


def suppress(step: Nms, found: Detections) -> Detections:
    """Greedy non-maximum suppression, best first; IoU above the threshold suppresses, equal does not."""
    order = np.argsort(-found.score, kind="stable")
    boxes, index = found.boxes[order].astype(np.float64), found.index[order]  # areas may overflow float32
    alive = np.ones(len(order), bool)
    kept = []
    for i in range(len(order)):
        if not alive[i]:
            continue
        kept.append(i)
        rivals = alive[i + 1 :]
        if step.per_class:
            rivals = rivals & (index[i + 1 :] == index[i])
        overlap = iou(boxes[i], boxes[i + 1 :]) > step.iou
        alive[i + 1 :] &= ~(rivals & overlap)
    return found.take(order[np.asarray(kept, np.int64)])


def iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union of one box [4] with each of `others` [K, 4]; 0 where both areas are 0."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    overlap = np.prod((high - low).clip(min=0), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    union = area - overlap
    ratio: Floats = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return ratio


def restore(found: Detections) -> Detections:
    """Maps boxes to pixels of the upright original and clips them to it."""
    g = found.geometry
    offset = np.array([g.offset_x, g.offset_y, g.offset_x, g.offset_y])
    scale = np.array([g.scale_x, g.scale_y, g.scale_x, g.scale_y])
    limit = np.array([g.width, g.height, g.width, g.height], np.float64)
    boxes = ((found.boxes.astype(np.float64) - offset) / scale).clip(0, limit)
    return Detections(boxes, found.score, found.index, g)


def pick_classes(scored: ScoredBoxes, minimum: float, multi_label: bool) -> Detections:
    """Boxes whose class scores reach `minimum`: every such class, or only the best one of each box."""
    if multi_label:
        rows, index = np.nonzero(scored.scores >= minimum)
    else:
        best: Integers = scored.scores.argmax(axis=1)
        (rows,) = np.nonzero(scored.scores[np.arange(len(best)), best] >= minimum)
        index = best[rows]
    return Detections(scored.boxes[rows], scored.scores[rows, index], index, scored.geometry)
