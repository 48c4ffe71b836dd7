"""Average precision at an intersection over union of one half, and the best display threshold.

Precision is averaged over 101 recall levels as in the COCO evaluation (Lin et al., 2014,
arXiv:1405.0312). A detection that matches no object but lies, for at least half its area, in a
region masked for its class counts neither as right nor as wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detect import Detections, overlaps
from labels import CLASSES, FloatArray, Labels

OVERLAP = 0.5


@dataclass(frozen=True)
class ClassResult:
    """count: objects; precision: average precision at IoU 0.5, nan without objects; recall: share
    of objects found at all; f1 and threshold: best F1 over all score thresholds and where."""

    name: str
    count: int
    precision: float
    recall: float
    f1: float
    threshold: float


def match(found: Detections, labels: Labels, number: int) -> tuple[FloatArray, NDArray[np.int8]]:
    """Scores and verdicts (1 right, 0 wrong, -1 not counted) of the detections of one class."""
    mine = found.classes == number
    boxes, scores = found.boxes[mine], found.scores[mine]
    objects = labels.boxes[labels.classes == number]
    masked = labels.boxes[((labels.masks >> number) & 1 == 1) & (labels.classes != number)]
    verdicts = np.zeros(len(scores), np.int8)
    free = np.ones(len(objects), bool)
    for index in np.argsort(-scores, kind="stable"):
        share = np.where(free, overlaps(boxes[index], objects), -1.0) if len(objects) else None
        if share is not None and share.max() >= OVERLAP:
            verdicts[index] = 1
            free[int(share.argmax())] = False
        elif _within(boxes[index], masked):
            verdicts[index] = -1
    return scores, verdicts


def _within(box: FloatArray, regions: FloatArray) -> bool:
    """Whether half of `box` [4] lies in one of `regions` [n, 4]."""
    low = np.maximum(box[:2], regions[:, :2])
    high = np.minimum(box[2:], regions[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    area = max(float((box[2:] - box[:2]).prod()), 1e-9)
    return bool(len(regions) and shared.max() >= 0.5 * area)


def class_result(pairs: list[tuple[Detections, Labels]], number: int) -> ClassResult:
    """Result of one class over all pictures."""
    parts = [match(found, labels, number) for found, labels in pairs]
    count = sum(int((labels.classes == number).sum()) for _, labels in pairs)
    scores = np.concatenate([s for s, _ in parts])
    verdicts = np.concatenate([v for _, v in parts])
    scores, verdicts = scores[verdicts >= 0], verdicts[verdicts >= 0]
    order = np.argsort(-scores, kind="stable")
    name = CLASSES[number]
    if count == 0 or len(order) == 0:
        return ClassResult(name, count, 0.0 if count else float("nan"), 0.0, 0.0, 1.0)
    hits = np.cumsum(verdicts[order] == 1)
    recall = hits / count
    precision = hits / np.arange(1, len(order) + 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    best = int(f1.argmax())
    hull = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    steps = np.where(places < len(hull), hull[np.minimum(places, len(hull) - 1)], 0.0)
    threshold = float(scores[order][best])
    return ClassResult(name, count, float(steps.mean()), float(recall[-1]), float(f1[best]), threshold)


def results(pairs: list[tuple[Detections, Labels]]) -> list[ClassResult]:
    """Results of the classes that the pictures label."""
    known = 0
    for _, labels in pairs:
        known |= labels.known
    numbers = [n for n in range(len(CLASSES)) if (known >> n) & 1]
    return [class_result(pairs, number) for number in numbers]


def mean(rows: list[ClassResult]) -> float:
    """Mean average precision over the classes that occur."""
    return float(np.mean([row.precision for row in rows if row.count]))


def table(rows: list[ClassResult]) -> str:
    """Plain text table of `rows` with the mean in the last line."""
    lines = [f"{'class':<12}{'objects':>8}{'AP@.5':>8}{'recall':>8}{'best F1':>9}{'at':>7}"]
    for r in rows:
        lines.append(f"{r.name:<12}{r.count:>8}{r.precision:>8.3f}{r.recall:>8.3f}{r.f1:>9.3f}{r.threshold:>7.3f}")
    lines.append(f"{'mean':<12}{sum(r.count for r in rows):>8}{mean(rows):>8.3f}")
    return "\n".join(lines)
