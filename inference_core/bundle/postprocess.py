"""Vocabulary of post-processing: from output tensors to predictions, as data.

Each step turns one kind of state into another (see `STATES`): the first reads output tensors, the next ones
refine what it found. A chain whose kinds do not fit is refused when the manifest is read, not when a request comes.
"""

from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle.schema import Step, TensorUse

Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=2**31)]


class _OutputStep(Step):
    output: str | None = None
    """Name of the artifact output; may be left out when there is only one."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return (TensorUse("output", self.output),)


class Softmax(_OutputStep):
    """Reads logits [N, C] and turns each row into probabilities."""

    op: Literal["softmax"] = "softmax"


class Sigmoid(_OutputStep):
    """Reads logits [N, C] of a multi-label classifier and turns each into a probability of its own."""

    op: Literal["sigmoid"] = "sigmoid"


class Probabilities(_OutputStep):
    """Reads probabilities [N, C] that the graph has already normalised."""

    op: Literal["probabilities"] = "probabilities"


class Yolox(_OutputStep):
    """Decodes the raw YOLOX head [N, A, 5 + C], A being the cells of all strides in order.

    Centre = (p_xy + cell) * stride, size = exp(min(p_wh, 20)) * stride, score = objectness * class probability, both
    already through a sigmoid. Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430.
    """

    op: Literal["yolox"] = "yolox"
    strides: Annotated[tuple[Count, ...], Field(min_length=1)] = (8, 16, 32)


class Boxes(Step):
    """Reads boxes [N, A, 4] that the graph has already decoded, and scores [N, A, C] in 0..1."""

    op: Literal["boxes"] = "boxes"
    boxes: str = "boxes"
    scores: str = "scores"
    format: Literal["xyxy", "yxyx", "cxcywh"] = "xyxy"
    normalized: bool = False
    """Whether coordinates run from 0 to 1 over the input tensor instead of being its pixels."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return TensorUse("output", self.boxes), TensorUse("output", self.scores)


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
    """Maps boxes from input pixels to pixels of the upright original, and clips them to it."""

    op: Literal["restore"] = "restore"


PostprocessStep = Annotated[
    Softmax | Sigmoid | Probabilities | Yolox | Boxes | Score | Nms | Top | Restore, Field(discriminator="op")
]

State = Literal["tensors", "classes", "scored_boxes", "detections", "restored_detections"]

STATES: dict[str, dict[State, State]] = {
    "softmax": {"tensors": "classes"},
    "sigmoid": {"tensors": "classes"},
    "probabilities": {"tensors": "classes"},
    "yolox": {"tensors": "scored_boxes"},
    "boxes": {"tensors": "scored_boxes"},
    "score": {"classes": "classes", "scored_boxes": "detections", "detections": "detections"},
    "nms": {"detections": "detections"},
    "top": {"classes": "classes", "detections": "detections"},
    "restore": {"detections": "restored_detections"},
}
"""For each op, the states it accepts and what it makes of them."""

RESULT_STATES: dict[str, State] = {"classification": "classes", "detection": "restored_detections"}
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
