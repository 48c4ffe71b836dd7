"""Boxes after decoding: suppression against slow, plain loops; classes; the way back to the original."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_core.bundle.postprocess import Nms
from inference_core.imaging import Geometry
from inference_core.tasks.boxes import iou, pick_classes, restore_boxes, suppress
from inference_core.tasks.states import Detections, ScoredBoxes


def detections(boxes: Any, score: Any, index: Any) -> Detections:
    places = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(places, np.array(score, np.float32), np.array(index), np.arange(len(places)))


def slow_iou(a: list[float], b: list[float]) -> float:
    overlap = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - overlap
    return overlap / union if union > 0 else 0.0


def slow_nms(boxes: list[list[float]], score: list[float], index: list[int], step: Nms) -> list[int]:
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda i: -score[i]):  # stable: equal scores keep their order
        rivals = [k for k in kept if index[k] == index[i] or not step.per_class]
        if all(slow_iou(boxes[k], boxes[i]) <= step.iou for k in rivals):
            kept.append(i)
    return kept


SPAN = st.tuples(st.integers(0, 8), st.integers(0, 5)).map(lambda p: (p[0], p[0] + p[1]))
BOX = st.tuples(SPAN, SPAN).map(lambda p: [float(p[0][0]), float(p[1][0]), float(p[0][1]), float(p[1][1])])
FOUND = st.lists(st.tuples(BOX, st.sampled_from([0.25, 0.5, 0.75]), st.integers(0, 2)), max_size=14)


@settings(max_examples=300, deadline=None)
@given(FOUND, st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.7, 1.0]), st.booleans())
def test_suppression_is_the_slow_one(
    found: list[tuple[list[float], float, int]], limit: float, per_class: bool
) -> None:
    """Small whole coordinates and few scores: ties, equal overlaps and boxes without area abound."""
    boxes, score, index = [b for b, _, _ in found], [s for _, s, _ in found], [i for _, _, i in found]
    step = Nms(iou=limit, per_class=per_class)
    kept = suppress(step, detections(boxes, score, index))
    order = slow_nms(boxes, score, index, step)
    assert kept.boxes.tolist() == [boxes[i] for i in order]
    assert (kept.score.tolist(), kept.index.tolist()) == ([score[i] for i in order], [index[i] for i in order])
    assert kept.rows.tolist() == order


def test_an_overlap_equal_to_the_threshold_does_not_suppress() -> None:
    pair = detections([[0, 0, 3, 1], [1, 0, 4, 1]], [0.9, 0.8], [0, 0])  # 2 shared of 4
    assert len(suppress(Nms(iou=0.5), pair).score) == 2
    assert suppress(Nms(iou=0.499), pair).score.tolist() == [np.float32(0.9)]


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = detections([[0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]], [0.9, 0.8, 0.7], [0, 0, 0])
    assert suppress(Nms(iou=0.4), chain).boxes[:, 0].tolist() == [0, 8]


def test_overlap_of_huge_boxes_stays_a_number() -> None:
    huge = detections([[-1e30, -1e30, 1e30, 1e30]] * 2, [0.9, 0.8], [0, 0])
    assert suppress(Nms(iou=0.5), huge).score.tolist() == [np.float32(0.9)]


def test_overlap_by_hand() -> None:
    box = np.array([0.0, 0.0, 4.0, 4.0])
    others = np.array([[0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4], [1, 1, 3, 3], [2, 2, 2, 2], [9, 9, 9, 9]], np.float64)
    assert iou(box, others).tolist() == [1, 4 / 28, 0, 0.25, 0, 0]
    assert iou(others[4], others[4:]).tolist() == [0, 0]


def test_boxes_are_mapped_back_and_clipped() -> None:
    geometry = Geometry(100, 50, 2.0, 4.0, 10.0, -20.0)
    boxes = [[10, -20, 30, 20], [0, -100, 999, 999], [50, 60, 50, 60]]
    found = restore_boxes(detections(boxes, [1, 1, 1], [0, 0, 0]), geometry)
    assert found.boxes.tolist() == [[0, 0, 10, 10], [0, 0, 100, 50], [20, 20, 20, 20]]
    assert found.boxes.dtype == np.float64


def test_one_class_or_every_class_of_a_box() -> None:
    scores = np.array([[0.5, 0.5, 0.1], [0.2, 0.7, 0.6], [0.1, 0.2, 0.3]], np.float32)
    scored = ScoredBoxes(np.arange(12, dtype=np.float32).reshape(3, 4), scores)
    best, every = pick_classes(scored, 0.5, False), pick_classes(scored, 0.5, True)
    assert best.index.tolist() == [0, 1]  # the first of equal scores
    assert best.boxes[:, 0].tolist() == [0, 4]
    assert every.index.tolist() == [0, 1, 1, 2]
    assert (best.rows.tolist(), every.rows.tolist()) == ([0, 1], [0, 0, 1, 1])
    assert every.boxes[:, 0].tolist() == [0, 0, 4, 4]
    assert every.score.tolist() == [0.5, 0.5, np.float32(0.7), np.float32(0.6)]


def test_a_threshold_is_compared_as_a_float32_like_the_scores() -> None:
    scored = ScoredBoxes(np.zeros((2, 4), np.float32), np.array([[0.1], [0.0999999]], np.float32))
    assert len(pick_classes(scored, 0.1, False).score) == len(pick_classes(scored, 0.1, True).score) == 1
