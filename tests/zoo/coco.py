"""Detections against COCO's ground truth."""

import contextlib
import io
from typing import Any

import numpy as np
from pycocotools.coco import COCO as Truth
from pycocotools.cocoeval import COCOeval

from tests.assets import COCO


def read_truth() -> Truth:
    """Of the photographs."""
    with contextlib.redirect_stdout(io.StringIO()):
        return Truth(str(COCO / "instances.json"))


def iou(a: Any, b: Any) -> float:
    """Of two boxes xyxy."""
    width, height = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return float(width * height / (sum(areas) - width * height))


def category_ids(truth: Truth) -> dict[str, int]:
    return {category["name"]: number for number, category in truth.cats.items()}


def record(number: int, category: int, score: float, box: Any) -> dict[str, Any]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return {"image_id": number, "category_id": category, "score": score, "bbox": [x1, y1, x2 - x1, y2 - y1]}


def mean_average_precision(truth: Truth, records: list[dict[str, Any]]) -> float:
    """mAP@.5 as pycocotools counts it."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(records), "bbox")
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]
    return float(precision[precision > -1].mean())
