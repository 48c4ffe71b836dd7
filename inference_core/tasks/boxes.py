"""What happens to boxes once they are decoded: the reference implementations."""

from dataclasses import replace

import numpy as np

from inference_core.bundle.postprocess import Nms
from inference_core.imaging.geometry import Geometry
from inference_core.tasks.states import Detections, Doubles, Floats, Integers, ScoredBoxes


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


def to_original(points: Floats, geometry: Geometry) -> Doubles:
    """Maps points [..., 2] (x, y) from input pixels to pixels of the upright original, in float64."""
    offset = np.array([geometry.offset_x, geometry.offset_y])
    scale = np.array([geometry.scale_x, geometry.scale_y])
    return np.asarray((points.astype(np.float64) - offset) / scale)


def clip_to_image(points: Doubles, geometry: Geometry) -> Doubles:
    """Points [..., 2] (x, y), those outside of the upright original moved to its edge."""
    return points.clip(0, np.array([geometry.width, geometry.height], np.float64))


def restore_boxes(found: Detections, geometry: Geometry) -> Detections:
    """Maps boxes to pixels of the upright original and clips them to it."""
    corners = clip_to_image(to_original(found.boxes.reshape(-1, 2, 2), geometry), geometry)
    return replace(found, boxes=corners.reshape(-1, 4))


def pick_classes(scored: ScoredBoxes, minimum: float, multi_label: bool) -> Detections:
    """Boxes whose class scores reach `minimum`: every such class, or only the best one of each box."""
    if multi_label:
        rows, index = np.nonzero(scored.scores >= minimum)
    else:
        best: Integers = scored.scores.argmax(axis=1)
        (rows,) = np.nonzero(scored.scores[np.arange(len(best)), best] >= minimum)
        index = best[rows]
    return Detections(scored.boxes[rows], scored.scores[rows, index], index, rows)
