"""Boxes: decoding and suppression against slow, plain loops."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_core.bundle.postprocess import Boxes, Nms, Yolox
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks.boxes import decode_yolox, iou, pick_classes, read_boxes, restore, suppress
from inference_core.tasks.states import Detections, ScoredBoxes, Tensors

PLAIN = Geometry(32, 32)


def tensors(width: int = 32, height: int = 32, **outputs: Any) -> Tensors:
    return Tensors({k: np.asarray(v, np.float32) for k, v in outputs.items()}, width, height, PLAIN)


def detections(boxes: Any, score: Any, index: Any, geometry: Geometry = PLAIN) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(score, np.float32), np.array(index), geometry
    )


def slow_yolox(raw: np.ndarray, width: int, height: int, strides: tuple[int, ...]) -> list[list[float]]:
    boxes, row = [], 0
    for stride in strides:
        for y in range(height // stride):
            for x in range(width // stride):
                px, py, pw, ph = (float(v) for v in raw[row, :4])
                cx, cy, w, h = (px + x) * stride, (py + y) * stride, math.exp(pw) * stride, math.exp(ph) * stride
                boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
                row += 1
    return boxes


@pytest.mark.parametrize(("width", "height", "strides"), [(64, 32, (8, 16, 32)), (32, 96, (16,)), (40, 24, (8,))])
def test_yolox_is_decoded_as_published(width: int, height: int, strides: tuple[int, ...]) -> None:
    rows = sum((width // s) * (height // s) for s in strides)
    raw = np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32)
    found = decode_yolox(Yolox(strides=strides), tensors(width, height, out=raw))
    assert found.boxes == pytest.approx(np.array(slow_yolox(raw, width, height, strides)), rel=1e-5, abs=1e-4)
    assert np.array_equal(found.scores, raw[:, 4:5] * raw[:, 5:])


def test_a_wild_yolox_box_overflows_nothing() -> None:
    raw = np.zeros((4, 6), np.float32)
    raw[:, 2:4] = 3e38
    found = decode_yolox(Yolox(strides=(16,)), tensors(out=raw))
    assert np.isfinite(found.boxes).all()
    assert restore(pick_classes(found, 0.0, False)).boxes[0].tolist() == [0, 0, 32, 32]


@pytest.mark.parametrize("rows", [0, 20, 22])
def test_rows_that_do_not_fit_the_strides_are_refused(rows: int) -> None:
    with pytest.raises(EngineError) as caught:
        decode_yolox(Yolox(), tensors(out=np.zeros((rows, 7))))
    assert caught.value.got == f"{rows} rows"
    assert caught.value.expected == "21 rows for 32 x 32, strides (8, 16, 32)"


@pytest.mark.parametrize("shape", [(21,), (21, 5), (1, 21, 7)])
def test_a_yolox_output_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError) as caught:
        decode_yolox(Yolox(), tensors(out=np.zeros(shape)))
    assert (caught.value.got, caught.value.expected) == (f"{list(shape)} for one image", "[rows, 5 + classes]")


@pytest.mark.parametrize(("form", "raw"), [("xyxy", [2, 4, 10, 8]), ("yxyx", [4, 2, 8, 10]), ("cxcywh", [6, 6, 8, 4])])
@pytest.mark.parametrize("normalized", [False, True])
def test_every_box_format_becomes_xyxy_in_pixels(form: Any, raw: list[int], normalized: bool) -> None:
    values = np.array([raw], np.float32)
    if normalized:
        values /= np.array([32, 64, 32, 64] if form == "yxyx" else [64, 32, 64, 32], np.float32)
    step = Boxes(format=form, normalized=normalized, boxes="b", scores="s")
    found = read_boxes(step, tensors(64, 32, b=values, s=[[0.5]]))
    assert found.boxes.tolist() == [[2, 4, 10, 8]]


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [((2, 3), (2, 1)), ((2, 5), (2, 1)), ((4,), (2, 1)), ((2, 4), (3, 1)), ((2, 4), (2,)), ((2, 4), (2, 0))],
)
def test_boxes_and_scores_that_do_not_fit_are_refused(boxes: tuple[int, ...], scores: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="does not have the shape that its step reads") as caught:
        read_boxes(Boxes(), tensors(boxes=np.zeros(boxes), scores=np.zeros(scores)))
    wrong = scores if boxes == (2, 4) else boxes
    assert caught.value.got == f"{list(wrong)} for one image"


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
    found = restore(
        detections([[10, -20, 30, 20], [0, -100, 999, 999], [50, 60, 50, 60]], [1, 1, 1], [0, 0, 0], geometry)
    )
    assert found.boxes.tolist() == [[0, 0, 10, 10], [0, 0, 100, 50], [20, 20, 20, 20]]
    assert found.boxes.dtype == np.float64


def test_one_class_or_every_class_of_a_box() -> None:
    scores = np.array([[0.5, 0.5, 0.1], [0.2, 0.7, 0.6], [0.1, 0.2, 0.3]], np.float32)
    scored = ScoredBoxes(np.arange(12, dtype=np.float32).reshape(3, 4), scores, PLAIN)
    best, every = pick_classes(scored, 0.5, False), pick_classes(scored, 0.5, True)
    assert best.index.tolist() == [0, 1]  # the first of equal scores
    assert best.boxes[:, 0].tolist() == [0, 4]
    assert every.index.tolist() == [0, 1, 1, 2]
    assert every.boxes[:, 0].tolist() == [0, 0, 4, 4]
    assert every.score.tolist() == [0.5, 0.5, np.float32(0.7), np.float32(0.6)]


def test_a_threshold_is_compared_as_a_float32_like_the_scores() -> None:
    scored = ScoredBoxes(np.zeros((2, 4), np.float32), np.array([[0.1], [0.0999999]], np.float32), PLAIN)
    assert len(pick_classes(scored, 0.1, False).score) == len(pick_classes(scored, 0.1, True).score) == 1
