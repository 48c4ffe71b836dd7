"""Chains of post-processing steps, from output tensors to published predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle.manifest import Label
from inference_core.bundle.postprocess import (
    Boxes,
    Nms,
    PostprocessStep,
    Probabilities,
    Restore,
    Score,
    Sigmoid,
    Softmax,
    Top,
)
from inference_core.bundle.preprocess import Crop, Decode, Letterbox, Pad, PreprocessStep, Resize, ToTensor
from inference_core.errors import EngineError
from inference_core.imaging import Geometry, Preprocessor
from inference_core.tasks import Classification, Detection, Postprocessor, Prediction, Tensors

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
