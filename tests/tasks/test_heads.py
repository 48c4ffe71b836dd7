"""Decoders against slow, plain loops and against numbers worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest

from inference_core.bundle.heads import AnchorLevel, Boxes, Distances, Picked, Ssd, Yolo, Yolox
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks.boxes import pick_classes, restore_boxes
from inference_core.tasks.heads import (
    decode_distances,
    decode_ssd,
    decode_yolox,
    read_boxes,
    read_picked,
    read_yolo,
)
from inference_core.tasks.states import Tensors

PLAIN = Geometry(32, 32)


def tensors(width: int = 32, height: int = 32, **outputs: Any) -> Tensors:
    return Tensors({k: np.asarray(v, np.float32) for k, v in outputs.items()}, width, height, PLAIN)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def slow_yolox(raw: np.ndarray, width: int, height: int, strides: tuple[int, ...]) -> list[list[float]]:
    boxes, row = [], 0
    for stride in strides:
        for y in range(math.ceil(height / stride)):
            for x in range(math.ceil(width / stride)):
                px, py, pw, ph = (float(v) for v in raw[row, :4])
                cx, cy, w, h = (px + x) * stride, (py + y) * stride, math.exp(pw) * stride, math.exp(ph) * stride
                boxes.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
                row += 1
    return boxes


@pytest.mark.parametrize(
    ("width", "height", "strides"), [(64, 32, (8, 16, 32)), (32, 96, (16,)), (40, 24, (8,)), (50, 34, (16, 32))]
)
def test_yolox_is_decoded_as_published(width: int, height: int, strides: tuple[int, ...]) -> None:
    rows = sum(math.ceil(width / s) * math.ceil(height / s) for s in strides)
    raw = np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32)
    found = decode_yolox(Yolox(strides=strides), tensors(width, height, out=raw))
    assert found.boxes.tolist() == np.array(slow_yolox(raw, width, height, strides), np.float32).tolist()
    assert np.array_equal(found.scores, raw[:, 4:5] * raw[:, 5:])


def test_a_wild_yolox_box_overflows_nothing() -> None:
    raw = np.zeros((4, 6), np.float32)
    raw[:, :4] = 3e38, -3e38, 3e38, 3e38
    found = decode_yolox(Yolox(strides=(16,)), tensors(out=raw))
    assert np.isfinite(found.boxes).all()
    assert restore_boxes(pick_classes(found, 0.0, False), PLAIN).boxes[0].tolist() == [32, 0, 32, 0]


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


def test_a_box_beyond_float32_stays_finite() -> None:
    step = Boxes(format="cxcywh", normalized=True)
    found = read_boxes(step, tensors(boxes=[[3e38, -3e38, 3e38, 0]], scores=[[1]]))
    assert found.boxes.tolist() == [[float(np.finfo(np.float32).max) * sign for sign in (1, -1, 1, -1)]]


ROWS = [[16, 8, 8, 4, 0.5, 0.25, 0.75], [4, 4, 8, 8, 1, 0.5, 0.125]]
YOLO_BOXES = [[12, 6, 20, 10], [0, 0, 8, 8]]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    ("objectness", "scores"), [(True, [[0.125, 0.375], [0.5, 0.125]]), (False, [[0.5, 0.25, 0.75], [1, 0.5, 0.125]])]
)
def test_yolo_rows_are_taken_apart(transposed: bool, objectness: bool, scores: list[list[float]]) -> None:
    raw = np.array(ROWS).T if transposed else ROWS
    found = read_yolo(Yolo(objectness=objectness, transposed=transposed), tensors(out=raw))
    assert found.boxes.tolist() == YOLO_BOXES
    assert found.scores.tolist() == scores


@pytest.mark.parametrize(
    ("shape", "objectness", "transposed", "expected"),
    [
        ((8, 5), True, False, "[rows, 5 + classes]"),
        ((8, 4), False, False, "[rows, 4 + classes]"),
        ((5, 8), True, True, "[5 + classes, rows]"),
        ((1, 8, 6), True, False, "[rows, 5 + classes]"),
    ],
)
def test_a_yolo_output_of_another_shape_is_refused(
    shape: tuple[int, ...], objectness: bool, transposed: bool, expected: str
) -> None:
    with pytest.raises(EngineError) as caught:
        read_yolo(Yolo(objectness=objectness, transposed=transposed), tensors(out=np.zeros(shape)))
    assert (caught.value.got, caught.value.expected) == (f"{list(shape)} for one image", expected)


def slow_activation(name: str, row: list[float]) -> list[float]:
    if name == "softmax":
        return [math.exp(v) / sum(math.exp(w) for w in row) for v in row]
    return [1 / (1 + math.exp(-v)) for v in row] if name == "sigmoid" else row


@pytest.mark.parametrize("activation", ["none", "sigmoid", "softmax"])
@pytest.mark.parametrize("background", [False, True])
def test_scores_are_activated_and_the_background_left_out(activation: Any, background: bool) -> None:
    raw = noise(5, 4)
    found = read_boxes(Boxes(activation=activation, background=background), tensors(boxes=np.zeros((5, 4)), scores=raw))
    exact = np.array([slow_activation(activation, row) for row in raw.tolist()])[:, int(background) :]
    assert found.scores.dtype == np.float32
    assert found.scores == pytest.approx(exact, rel=1e-7)


def test_a_background_needs_a_class_beside_it() -> None:
    with pytest.raises(EngineError) as caught:
        read_boxes(Boxes(background=True), tensors(boxes=np.zeros((2, 4)), scores=np.zeros((2, 1))))
    assert caught.value.expected == "[2, 1 + classes], a row for each box"


LEVELS = (
    AnchorLevel(stride=16, sizes=((8, 16), (32, 4))),
    AnchorLevel(stride=100 / 3, sizes=((40, 40),), offset=0.0),
)


def slow_ssd(raw: np.ndarray, width: int, height: int, step: Ssd) -> list[list[float]]:
    boxes, row = [], 0
    for level in step.levels:
        for y in range(math.ceil(height / level.stride - 1e-4)):
            for x in range(math.ceil(width / level.stride - 1e-4)):
                for w, h in level.sizes:
                    dx, dy, dw, dh = (float(v) * f for v, f in zip(raw[row], step.variances, strict=True))
                    cx, cy = (x + level.offset) * level.stride + dx * w, (y + level.offset) * level.stride + dy * h
                    bw, bh = (math.exp(min(v, math.log(1000 / 16))) * s for v, s in ((dw, w), (dh, h)))
                    boxes.append([cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2])
                    row += 1
    assert row == len(raw)
    return boxes


def test_offsets_from_anchors_are_decoded_as_published() -> None:
    """100 pixels at a stride of 100 / 3 are three cells, though the quotient may be a little more."""
    rows = 7 * 4 * 2 + 3 * 2
    raw = noise(rows, 4) * 12  # some exceed the bound of the exponent
    step = Ssd(levels=LEVELS, variances=(0.1, 0.2, 0.3, 0.5))
    found = decode_ssd(step, tensors(100, 60, boxes=raw, scores=np.ones((rows, 1))))
    assert (raw[:, 3] * 0.5 > math.log(1000 / 16)).any()
    assert found.boxes.tolist() == np.array(slow_ssd(raw, 100, 60, step), np.float32).tolist()


def test_the_anchors_of_ssd300_are_those_of_torchvision() -> None:
    """Strides 8 to 300 over 300 pixels: 38, 19, 10, 5, 3 and 1 cells; 8732 anchors with 4 and 6 to a cell."""
    counts = (4, 6, 6, 6, 4, 4)
    levels = tuple(
        AnchorLevel(stride=stride, sizes=((stride, stride),) * count)
        for stride, count in zip((8, 16, 32, 64, 100, 300), counts, strict=True)
    )
    data = tensors(300, 300, boxes=np.zeros((8732, 4)), scores=np.ones((8732, 1)))
    boxes = decode_ssd(Ssd(levels=levels), data).boxes
    assert boxes[0].tolist() == boxes[3].tolist() == [0, 0, 8, 8]
    assert boxes[4].tolist() == [8, 0, 16, 8]
    assert boxes[4 * 38].tolist() == [0, 8, 8, 16]
    assert boxes[4 * 38 * 38].tolist() == [0, 0, 16, 16]
    assert boxes[-1].tolist() == [0, 0, 300, 300]


def test_a_retinanet_anchor_lies_around_the_corner_of_its_cell() -> None:
    level = AnchorLevel(stride=16, sizes=((32, 32),), offset=0.0)
    found = decode_ssd(Ssd(levels=(level,)), tensors(boxes=np.zeros((4, 4)), scores=np.ones((4, 1))))
    assert found.boxes[:2].tolist() == [[-16, -16, 16, 16], [0, -16, 32, 16]]


def test_anchors_that_do_not_fit_the_rows_are_refused() -> None:
    with pytest.raises(
        EngineError, match="the boxes output boxes does not fit the input size and the strides"
    ) as caught:
        decode_ssd(Ssd(levels=LEVELS), tensors(boxes=np.zeros((10, 4)), scores=np.zeros((10, 1))))
    assert caught.value.got == "10 rows"
    assert caught.value.expected == (
        "9 rows for 32 x 32, 2 for each cell at stride 16 and 1 for each cell at stride 33.3333"
    )


@pytest.mark.parametrize(("offset", "scaled", "first"), [(0.5, True, [-4, -12, 28, 36]), (0.0, False, [-1, -2, 3, 4])])
def test_distances_are_measured_from_the_point_of_a_cell(offset: float, scaled: bool, first: list[int]) -> None:
    step = Distances(strides=(8,), offset=offset, scaled=scaled)
    raw = np.zeros((4 * 3, 4))
    raw[0] = [1, 2, 3, 4]
    found = decode_distances(step, tensors(25, 24, boxes=raw, scores=np.ones((12, 1))))
    assert found.boxes[0].tolist() == first
    point = [(3 + offset) * 8, offset * 8] * 2
    assert found.boxes[3].tolist() == point  # 25 pixels are four cells


@pytest.mark.parametrize("activation", ["none", "sigmoid", "softmax"])
def test_centerness_damps_the_scores(activation: Any) -> None:
    scores, centers = np.abs(noise(4, 3)), np.abs(noise(4, 1))
    step = Distances(strides=(16,), activation=activation, centerness="c", background=True)
    found = decode_distances(step, tensors(boxes=np.zeros((4, 4)), scores=scores, c=centers))
    single = "none" if activation == "none" else "sigmoid"
    for row, center, got in zip(scores.tolist(), centers.tolist(), found.scores, strict=True):
        [factor] = slow_activation(single, center)
        assert got == pytest.approx([math.sqrt(v * factor) for v in slow_activation(activation, row)[1:]], rel=1e-7)
    assert found.scores.dtype == np.float32


def test_a_centerness_below_0_damps_to_0() -> None:
    step = Distances(strides=(16,), centerness="c")
    outputs: dict[str, Any] = {"boxes": np.zeros((4, 4)), "scores": np.ones((4, 1)), "c": -np.ones((4, 1))}
    assert decode_distances(step, tensors(**outputs)).scores.tolist() == [[0]] * 4
    with pytest.raises(EngineError, match="the centerness output c does not have the shape") as caught:
        decode_distances(step, tensors(**(outputs | {"c": np.zeros(4)})))
    assert caught.value.expected == "[4, 1], a row for each box"


PICKED: dict[str, Any] = {
    "boxes": [[0.25, 0.5, 0.75, 1], [0, 0, 1, 1], [7, 7, 7, 7]],
    "scores": [0.5, 0.75, 0.125],
    "classes": [17, 1, -1],
}
TF = Picked(format="yxyx", normalized=True, count="count")


@pytest.mark.parametrize("count", [2, [2]])
def test_the_filled_rows_of_picked_detections_are_read(count: Any) -> None:
    found = read_picked(TF, tensors(64, 32, **PICKED, count=count))
    assert found.boxes.tolist() == [[32, 8, 64, 24], [0, 0, 64, 32]]
    assert (found.score.tolist(), found.index.tolist(), found.rows.tolist()) == ([0.5, 0.75], [17, 1], [0, 1])
    assert found.index.dtype == found.rows.dtype == np.int64


def test_without_a_count_every_row_is_filled() -> None:
    outputs = PICKED | {"classes": [2, 0, 3]}
    assert read_picked(Picked(), tensors(**outputs)).index.tolist() == [2, 0, 3]


@pytest.mark.parametrize(
    ("changes", "what", "got", "expected"),
    [
        ({"count": 3}, "the classes output classes", "-1", "whole numbers from 0 to 16777215"),
        ({"classes": [1, 0.5, 0]}, "the classes output classes", "0.5", "whole numbers from 0 to 16777215"),
        ({"classes": [1, 3e9, 0]}, "the classes output classes", "3e+09", "whole numbers from 0 to 16777215"),
        ({"count": 4}, "the count output count", "4", "whole numbers from 0 to 3"),
        ({"count": -1}, "the count output count", "-1", "whole numbers from 0 to 3"),
        ({"count": [1, 1]}, "the count output count", "[2] for one image", "one number"),
        ({"scores": [[1, 1, 1]]}, "the scores output scores", "[1, 3] for one image", "[3], a value for each box"),
        ({"classes": [1, 1]}, "the classes output classes", "[2] for one image", "[3], a value for each box"),
        ({"boxes": [[0, 0, 0]] * 3}, "the boxes output boxes", "[3, 3] for one image", "[rows, 4]"),
    ],
)
def test_picked_outputs_that_do_not_fit_are_refused(changes: Any, what: str, got: str, expected: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_picked(TF, tensors(**(PICKED | {"count": 2} | changes)))
    assert caught.value.message.startswith(what)
    assert (caught.value.got, caught.value.expected) == (got, expected)
