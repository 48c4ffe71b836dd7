"""Which post-processing chains a manifest may hold."""

from typing import Any

import pytest

from inference_core.bundle.postprocess import RESULT_STATES, STATES
from inference_core.errors import ManifestError
from tests.bundle.documents import changed, document, parse

STEPS: dict[str, dict[str, Any]] = {
    "softmax": {},
    "sigmoid": {},
    "probabilities": {},
    "yolox": {},
    "yolo": {},
    "boxes": {},
    "ssd": {"levels": [{"stride": 8, "sizes": [[8, 8]]}]},
    "distances": {"strides": [8]},
    "picked": {},
    "heat_maps": {},
    "luma": {"factor": 2},
    "score": {"min": 0.5},
    "nms": {"iou": 0.5},
    "top": {"k": 3},
    "masks": {"output": "masks"},
    "restore": {},
}


BOXES = {"name": "boxes", "dtype": "float32", "shape": [1, 8, 4]}
SCORES = {"name": "scores", "dtype": "float32", "shape": [1, 8, 2]}
CLASSES_OUT = {"name": "classes", "dtype": "int64", "shape": [1, 8]}
MASKS = {"name": "masks", "dtype": "float32", "shape": [1, 8, 28, 28]}
TWO_OUTPUTS = {"boxes", "ssd", "distances", "picked"}


def chain(ops: str, task: str) -> dict[str, Any]:
    steps = [{"op": op} | STEPS[op] for op in ops.split()]
    tree = document() | {"task": task, "postprocess": steps}
    tree["preprocess"][0]["color"] = "Y" if task == "super_resolution" else "RGB"
    if TWO_OUTPUTS & set(ops.split()):
        tree["artifacts"][0]["outputs"] = [BOXES, SCORES, CLASSES_OUT, MASKS]
    return tree


@pytest.mark.parametrize(
    ("task", "ops"),
    [
        ("classification", "softmax"),
        ("classification", "softmax top"),
        ("classification", "probabilities top score"),
        ("classification", "sigmoid score top"),
        ("detection", "yolox score restore"),
        ("detection", "yolox score nms top restore"),
        ("detection", "boxes score score nms restore"),
        ("detection", "boxes score top nms restore"),
        ("detection", "yolo score nms restore"),
        ("detection", "ssd score nms restore"),
        ("detection", "distances score nms restore"),
        ("detection", "picked restore"),
        ("detection", "picked score nms top restore"),
        ("instance_segmentation", "boxes score nms top masks restore"),
        ("instance_segmentation", "picked masks restore"),
        ("pose", "heat_maps restore"),
        ("pose", "heat_maps score restore"),
        ("super_resolution", "luma"),
    ],
)
def test_a_chain_from_tensors_to_the_result_of_its_task_is_accepted(task: str, ops: str) -> None:
    assert [step.op for step in parse(chain(ops, task)).postprocess] == ops.split()


CLASSES = "must end in classes, it ends in"
SEGMENTED = "postprocess for instance_segmentation must end in restored_masks"
RESTORED = "must end in restored_detections, it ends in"


@pytest.mark.parametrize(
    ("task", "ops", "problem"),
    [
        ("classification", "", f"postprocess for classification {CLASSES} tensors"),
        (
            "classification",
            "top",
            "postprocess[0] (top) works on classes or detections, but the step before gives tensors",
        ),
        (
            "classification",
            "softmax nms",
            "postprocess[1] (nms) works on detections, but the step before gives classes",
        ),
        (
            "classification",
            "softmax softmax",
            "postprocess[1] (softmax) works on tensors, but the step before gives classes",
        ),
        ("classification", "yolox score restore", f"postprocess for classification {CLASSES} restored_detections"),
        ("detection", "yolox", f"postprocess for detection {RESTORED} scored_boxes"),
        ("detection", "yolox score nms", f"postprocess for detection {RESTORED} detections"),
        ("detection", "softmax", f"postprocess for detection {RESTORED} classes"),
        ("detection", "yolox nms", "postprocess[1] (nms) works on detections, but the step before gives scored_boxes"),
        (
            "detection",
            "boxes restore",
            "postprocess[1] (restore) works on detections or masked_detections or poses, but the step before gives "
            "scored_boxes",
        ),
        ("instance_segmentation", "picked restore", f"{SEGMENTED}, it ends in restored_detections"),
        ("detection", "picked masks restore", f"postprocess for detection {RESTORED} restored_masks"),
        ("classification", "luma", f"postprocess for classification {CLASSES} pictures"),
        (
            "super_resolution",
            "luma restore",
            "postprocess[1] (restore) works on detections or masked_detections or poses, but the step before gives "
            "pictures",
        ),
        ("pose", "heat_maps", "postprocess for pose must end in restored_poses, it ends in poses"),
        (
            "instance_segmentation",
            "boxes masks restore",
            "postprocess[1] (masks) works on detections, but the step before gives scored_boxes",
        ),
        (
            "instance_segmentation",
            "picked masks score restore",
            "postprocess[2] (score) works on classes or scored_boxes or detections or poses, but the step before gives "
            "masked_detections",
        ),
        (
            "detection",
            "boxes score restore top",
            "postprocess[3] (top) works on classes or detections, but the step before gives restored_detections",
        ),
        (
            "detection",
            "score yolox",
            "postprocess[0] (score) works on classes or scored_boxes or detections or poses, but the step before gives "
            "tensors",
        ),
    ],
)
def test_a_chain_whose_states_do_not_fit_is_refused(task: str, ops: str, problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(chain(ops, task))
    assert caught.value.message == f"bundle.json: {problem}"


def test_colours_are_kept_for_the_step_that_adds_them() -> None:
    tree = chain("luma", "super_resolution")
    tree["preprocess"][0]["color"] = "GRAY"
    with pytest.raises(ManifestError) as caught:
        parse(tree)
    assert caught.value.message == "bundle.json: step luma adds the colours that decode keeps with color Y, it is GRAY"


def test_every_step_and_every_task_has_its_states() -> None:
    assert list(STATES) == list(STEPS)
    assert set(RESULT_STATES) == {"classification", "detection", "instance_segmentation", "pose", "super_resolution"}


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"op": "score", "min": 1.01}, "min"),
        ({"op": "score", "min": -0.01}, "min"),
        ({"op": "nms", "iou": 1.5}, "iou"),
        ({"op": "top", "k": 0}, "k"),
    ],
)
def test_a_parameter_out_of_range_is_refused_where_it_stands(step: dict[str, Any], place: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("postprocess/0", step))
    assert caught.value.message == f"bundle.json: wrong value at postprocess[0].{place}"
