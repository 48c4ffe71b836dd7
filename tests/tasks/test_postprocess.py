"""Chains of post-processing steps, from output tensors to published predictions."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle.heads import Boxes, HeatMaps, Masks, Picked, Probabilities, Sigmoid, Softmax, Yolo
from inference_core.bundle.manifest import Label
from inference_core.bundle.postprocess import Nms, PostprocessStep, Restore, Score, Top
from inference_core.bundle.preprocess import Crop, Decode, Letterbox, Pad, PreprocessStep, Resize, ToTensor
from inference_core.errors import EngineError
from inference_core.imaging import Geometry, Preprocessor
from inference_core.tasks import Classification, Detection, Instance, Pose, Postprocessor, Prediction, Tensors
from inference_core.tasks.rle import decode

GAPS = (Label(id=1, name="person"), Label(id=3, name="car"), Label(id=90, name="toothbrush"))


def run(
    task: str, steps: Sequence[PostprocessStep], geometry: Geometry | None = None, **outputs: Any
) -> tuple[Prediction, ...]:
    values = {k: np.asarray(v, np.float32) for k, v in outputs.items()}
    return Postprocessor(task, steps, GAPS)(Tensors(values, 32, 32, geometry or Geometry(32, 32)))


def classify(scores: Any, *steps: PostprocessStep) -> list[tuple[str, int, float]]:
    found = run("classification", [Probabilities(), *steps], out=scores)
    return [(p.label, p.class_id, p.score) for p in found if isinstance(p, Classification)]


def test_published_ids_may_have_gaps() -> None:
    assert classify([0.25, 0.5, 0.125], Top(k=3)) == [("car", 3, 0.5), ("person", 1, 0.25), ("toothbrush", 90, 0.125)]


def test_equal_scores_keep_the_order_of_the_output() -> None:
    assert [p[1] for p in classify([0.25, 0.5, 0.5], Top(k=2))] == [3, 90]
    assert [p[1] for p in classify([0.5, 0.5, 0.5], Top(k=9))] == [1, 3, 90]


def test_score_keeps_what_reaches_it_in_the_order_of_the_output() -> None:
    assert [p[1] for p in classify([0.25, 0.1, 0.5], Score(min=0.25))] == [1, 90]
    assert classify([0.25, 0.1, 0.5], Score(min=0.75)) == []


def test_softmax_and_sigmoid_are_applied() -> None:
    logits = np.log([1.0, 2.0, 5.0])
    (best,) = run("classification", [Softmax(), Top(k=1)], out=logits)
    assert best.class_id == 90
    assert best.score == pytest.approx(0.625)
    assert [p.score for p in run("classification", [Sigmoid()], out=[0, 0, 0])] == [0.5, 0.5, 0.5]


CHAIN = (Boxes(), Score(min=0.3), Nms(iou=0.5), Top(k=2), Restore())


def test_detections_are_published_best_first_and_at_most_k() -> None:
    boxes = [[0, 0, 8, 8], [0, 0, 8, 9], [16, 16, 24, 24], [20, 0, 40, 8]]
    scores = [[0.5, 0, 0], [0.75, 0, 0], [0, 0.25, 0.875], [0, 0.5, 0]]
    assert run("detection", CHAIN, boxes=boxes, scores=scores) == (
        Detection("toothbrush", 90, 0.875, (16.0, 16.0, 24.0, 24.0)),
        Detection("person", 1, 0.75, (0.0, 0.0, 8.0, 9.0)),
    )


@pytest.mark.parametrize("boxes", [np.zeros((0, 4)), np.zeros((5, 4))])
def test_nothing_found_is_no_error(boxes: np.ndarray) -> None:
    assert run("detection", CHAIN, boxes=boxes, scores=np.zeros((len(boxes), 3))) == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["boxes", "scores"])
def test_an_output_that_is_not_finite_is_refused(bad: float, where: str) -> None:
    outputs: dict[str, Any] = {"boxes": np.zeros((2, 4)), "scores": np.zeros((2, 3))}
    outputs[where][1, 1] = bad
    with pytest.raises(EngineError, match=f"model output {where} holds values that are not finite") as caught:
        run("detection", CHAIN, **outputs)
    assert (caught.value.code, caught.value.got) == ("engine_failed", "NaN or infinity")


def test_the_only_output_is_named_when_it_is_not_finite() -> None:
    with pytest.raises(EngineError, match="model output out holds"):
        classify([0.5, np.nan])


def test_a_class_without_a_label_is_refused() -> None:
    with pytest.raises(EngineError, match="a class that has no label") as caught:
        classify([0.1, 0.1, 0.1, 0.7], Top(k=1))
    assert (caught.value.got, caught.value.expected) == ("class index 3", "an index below 3, the number of labels")


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.uint8, np.int64])
def test_outputs_of_any_number_type_are_read(dtype: Any) -> None:
    output = {"out": np.array([0, 1, 0], dtype)}
    found = Postprocessor("classification", [Probabilities(), Top(k=1)], GAPS)(Tensors(output, 1, 1, Geometry(1, 1)))
    assert found == (Classification("car", 3, 1.0),)


def test_a_number_that_float32_cannot_hold_is_refused() -> None:
    output = {"out": np.array([0.0, 1e39])}
    with pytest.raises(EngineError, match="holds values that are not finite"):
        Postprocessor("classification", [Probabilities()], GAPS)(Tensors(output, 1, 1, Geometry(1, 1)))


def test_masks_follow_their_boxes_through_the_chain() -> None:
    """Of four rows, one is too weak, one is suppressed, and the best two come out in the other order."""
    boxes = [[0, 0, 8, 8], [0, 0, 8, 9], [16, 16, 24, 24], [20, 0, 40, 8]]
    scores = [[0.5, 0, 0], [0.75, 0, 0], [0, 0.25, 0.875], [0, 0.25, 0]]
    masks = np.zeros((4, 3, 8, 8))
    masks[1, 0, :4] = masks[2, 2, :, :4] = 1  # the upper half, the left half
    steps = (*CHAIN[:-1], Masks(output="masks"), Restore())
    geometry = Geometry(20, 20, 2.0, 2.0, -4.0, 0.0)
    found = run("instance_segmentation", steps, geometry, boxes=boxes, scores=scores, masks=masks)
    best, other = found
    assert isinstance(best, Instance) and isinstance(other, Instance)
    assert (best.label, best.box) == ("toothbrush", (10, 8, 14, 12))
    assert (other.label, other.box) == ("person", (2, 0, 6, 4.5))
    assert np.argwhere(decode(best.mask)).tolist() == [[y, x] for y in range(8, 12) for x in (10, 11)]
    assert np.argwhere(decode(other.mask)).tolist() == [[y, x] for y in (0, 1) for x in range(2, 6)]


def test_masks_without_a_label_are_left_out_with_their_boxes() -> None:
    labels = [Label(id=7, name="cat", index=2)]
    values: dict[str, np.ndarray] = {
        "boxes": np.array([[0, 0, 4, 4], [4, 0, 8, 4]], np.float32),
        "scores": np.array([0.9, 0.8], np.float32),
        "classes": np.array([1, 2], np.int64),
        "masks": np.ones((2, 1, 4, 4), np.float32),
    }
    process = Postprocessor("instance_segmentation", (Picked(), Masks(output="masks"), Restore()), labels)
    [found] = process(Tensors(values, 8, 8, Geometry(8, 8)))
    assert isinstance(found, Instance)
    assert (found.label, found.class_id, found.box) == ("cat", 7, (4, 0, 8, 4))
    assert np.flatnonzero(decode(found.mask).any(axis=0)).tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize(("minimum", "count"), [(0.375, 1), (0.376, 0)])
def test_a_pose_is_published_if_it_scores_enough(minimum: float, count: int) -> None:
    maps = np.zeros((2, 8, 8))
    maps[0, 0, 0], maps[1, 7, 3] = 0.5, 0.25
    found = run("pose", (HeatMaps(), Score(min=minimum), Restore()), Geometry(8, 8, 4.0, 4.0), out=maps)
    assert found == (Pose("person", 1, 0.375, ((0.5, 0.5, 0.5), (3.5, 7.5, 0.25))),)[:count]


FRAMES: list[list[PreprocessStep]] = [
    [],
    [Resize(width=320, height=48)],
    [Letterbox(width=96, height=96)],
    [Letterbox(width=96, height=96, anchor="top-left"), Pad(multiple=100, anchor="center")],
    [Resize(width=128, height=80), Crop(width=200, height=100)],
]


@pytest.mark.parametrize("steps", FRAMES, ids=lambda steps: "+".join(s.op for s in steps) or "as it is")
@pytest.mark.parametrize("size", [(64, 40), (128, 80), (33, 57)])
def test_boxes_do_not_depend_on_how_the_picture_was_scaled_and_padded(
    steps: list[PreprocessStep], size: tuple[int, int]
) -> None:
    """A box over the middle of the picture, found by a perfect model, comes back as that box."""
    width, height = size
    g = Preprocessor([Decode(), *steps, ToTensor()]).prepare(Image.new("RGB", size)).geometry
    truth = np.array([width / 4, height / 4, width / 2, height / 2])
    box = truth * np.array([g.scale_x, g.scale_y] * 2) + np.array([g.offset_x, g.offset_y] * 2)
    (found,) = run("detection", CHAIN, g, boxes=[box], scores=[[0, 0, 1]])
    assert isinstance(found, Detection)
    assert found.box == pytest.approx(truth, abs=1e-4)


@pytest.mark.parametrize("native", [False, True])
def test_scores_beyond_float32_are_an_error_and_no_answer(native: bool) -> None:
    if native and find_spec("satchel_imaging") is None:
        pytest.skip("satchel_imaging is not built")
    row = np.array([[8, 8, 4, 4, 1e38, 1e38]], np.float32)
    steps: list[PostprocessStep] = [Yolo(), Score(min=0.5), Nms(iou=0.5), Restore()]
    run = Postprocessor("detection", steps, [Label(id=0, name="cat")], native=native)
    with pytest.raises(EngineError, match="the scores of the model are no probabilities"):
        run(Tensors({"out": row}, 16, 16, Geometry(16, 16)))
