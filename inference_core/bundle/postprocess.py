"""Vocabulary of post-processing: from output tensors to predictions, as data.

Each step turns one kind of state into another (see `STATES`): the first reads output tensors, the next ones
refine what it found. A chain whose kinds do not fit is refused when the manifest is read, not when a request comes.
"""

from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle.heads import (
    Boxes,
    Count,
    Distances,
    HeatMaps,
    Masks,
    Picked,
    Probabilities,
    Probability,
    Sigmoid,
    Softmax,
    Ssd,
    Yolo,
    Yolox,
)
from inference_core.bundle.pictures import Luma
from inference_core.bundle.schema import Step


class Score(Step):
    """Drops what scores below `min`. On boxes it also picks the class or classes of each box."""

    op: Literal["score"] = "score"
    min: Probability
    multi_label: bool = False
    """On boxes: true keeps every class of a box that reaches `min`, false only the best one."""


class Nms(Step):
    """Greedy non-maximum suppression: of boxes that overlap with IoU above `iou`, the best-scored stays."""

    op: Literal["nms"] = "nms"
    iou: Probability
    per_class: bool = True


class Top(Step):
    """Keeps the `k` best by score, best first; equal scores keep the order of the output."""

    op: Literal["top"] = "top"
    k: Count


class Restore(Step):
    """Maps coordinates from input pixels to pixels of the upright original: boxes are clipped to it, masks pasted."""

    op: Literal["restore"] = "restore"


PostprocessStep = Annotated[
    Softmax
    | Sigmoid
    | Probabilities
    | Yolox
    | Yolo
    | Boxes
    | Ssd
    | Distances
    | Picked
    | HeatMaps
    | Luma
    | Score
    | Nms
    | Top
    | Masks
    | Restore,
    Field(discriminator="op"),
]

State = Literal[
    "tensors",
    "classes",
    "scored_boxes",
    "detections",
    "masked_detections",
    "poses",
    "pictures",
    "restored_detections",
    "restored_masks",
    "restored_poses",
]

STATES: dict[str, dict[State, State]] = {
    "softmax": {"tensors": "classes"},
    "sigmoid": {"tensors": "classes"},
    "probabilities": {"tensors": "classes"},
    "yolox": {"tensors": "scored_boxes"},
    "yolo": {"tensors": "scored_boxes"},
    "boxes": {"tensors": "scored_boxes"},
    "ssd": {"tensors": "scored_boxes"},
    "distances": {"tensors": "scored_boxes"},
    "picked": {"tensors": "detections"},
    "heat_maps": {"tensors": "poses"},
    "luma": {"tensors": "pictures"},
    "score": {"classes": "classes", "scored_boxes": "detections", "detections": "detections", "poses": "poses"},
    "nms": {"detections": "detections"},
    "top": {"classes": "classes", "detections": "detections"},
    "masks": {"detections": "masked_detections"},
    "restore": {
        "detections": "restored_detections",
        "masked_detections": "restored_masks",
        "poses": "restored_poses",
    },
}
"""For each op, the states it accepts and what it makes of them."""

RESULT_STATES: dict[str, State] = {
    "classification": "classes",
    "detection": "restored_detections",
    "instance_segmentation": "restored_masks",
    "pose": "restored_poses",
    "super_resolution": "pictures",
}
"""For each task, the state its chain must end in."""


def check_postprocess(steps: tuple[PostprocessStep, ...], task: str) -> None:
    """Raises ValueError unless the chain leads from output tensors to the result state of `task`."""
    state: State = "tensors"
    for index, step in enumerate(steps):
        accepted = STATES[step.op]
        if state not in accepted:
            wanted = " or ".join(accepted)
            raise ValueError(f"postprocess[{index}] ({step.op}) works on {wanted}, but the step before gives {state}")
        state = accepted[state]
    if state != RESULT_STATES[task]:
        raise ValueError(f"postprocess for {task} must end in {RESULT_STATES[task]}, it ends in {state}")
