"""Runs a manifest's post-processing steps on the outputs of one image."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

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
    Yolox,
)
from inference_core.tasks.boxes import decode_yolox, pick_classes, read_boxes, restore, suppress
from inference_core.tasks.classes import as_classes, sigmoid, softmax
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Prediction
from inference_core.tasks.states import Classes, Detections, Integers, ScoredBoxes, State, Tensors
from inference_core.tasks.task import TASKS


class Postprocessor:
    """Turns the output tensors of one image into predictions. Thread-safe, cheap to build.

    Args:
        task: name of the manifest's task.
        steps: a valid chain of manifest steps for that task.
        labels: the manifest's labels.
    """

    def __init__(self, task: str, steps: Sequence[PostprocessStep], labels: Sequence[Label]) -> None:
        self._publish = TASKS[task].publish
        self._steps = tuple((_OPERATIONS[type(step)], step) for step in steps)
        self._labels = LabelTable(labels)

    def __call__(self, tensors: Tensors) -> tuple[Prediction, ...]:
        """Predictions, in the order the last step left them.

        Raises:
            EngineError: an output is not finite, does not fit the step that reads it, or names a class without a label.
        """
        state: State = tensors
        for operation, step in self._steps:
            state = operation(step, state)
        if not isinstance(state, Classes | Detections):
            raise TypeError(f"a post-processing chain ends in predictions, not in {type(state).__name__}")
        return self._publish(_keep(state, self._labels.published(state.index)), self._labels)


def _score(step: Score, state: Classes | ScoredBoxes | Detections) -> Classes | Detections:
    if isinstance(state, ScoredBoxes):
        return pick_classes(state, step.min, step.multi_label)
    return _keep(state, np.flatnonzero(state.score >= step.min))


def _top(step: Top, state: Classes | Detections) -> Classes | Detections:
    return _keep(state, np.argsort(-state.score, kind="stable")[: step.k])


def _keep(state: Classes | Detections, order: Integers) -> Classes | Detections:
    if isinstance(state, Detections):
        return state.take(order)
    return Classes(state.index[order], state.score[order])


_Operation = Callable[[Any, Any], State]

# The manifest has checked that each operation gets the state it works on.
_OPERATIONS: dict[type, _Operation] = {
    Softmax: lambda step, tensors: as_classes(softmax(tensors.output(step.output))),
    Sigmoid: lambda step, tensors: as_classes(sigmoid(tensors.output(step.output))),
    Probabilities: lambda step, tensors: as_classes(tensors.output(step.output)),
    Yolox: decode_yolox,
    Boxes: read_boxes,
    Score: _score,
    Nms: suppress,
    Top: _top,
    Restore: lambda _, found: restore(found),
}
