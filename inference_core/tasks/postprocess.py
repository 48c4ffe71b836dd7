"""Runs a manifest's post-processing steps on the outputs of one image: natively where that is installed, else here."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inference_core.bundle.heads import (
    Boxes,
    Distances,
    HeatMaps,
    Masks,
    Picked,
    Probabilities,
    Sigmoid,
    Softmax,
    Ssd,
    Yolo,
    Yolox,
)
from inference_core.bundle.manifest import Label
from inference_core.bundle.pictures import Luma
from inference_core.bundle.postprocess import Nms, PostprocessStep, Restore, Score, Top
from inference_core.errors import EngineError
from inference_core.tasks.boxes import pick_classes, restore_boxes, suppress
from inference_core.tasks.classes import read_classes
from inference_core.tasks.heads import decode_distances, decode_ssd, decode_yolox, read_boxes, read_picked, read_yolo
from inference_core.tasks.heat_maps import read_heat_maps, restore_poses
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.luma import read_luma
from inference_core.tasks.masks import read_masks, restore_masks
from inference_core.tasks.native import NativePath, open_native
from inference_core.tasks.results import Prediction
from inference_core.tasks.states import (
    Classes,
    Detections,
    Final,
    MaskedDetections,
    Poses,
    ScoredBoxes,
    State,
    Tensors,
)
from inference_core.tasks.task import TASKS


class Postprocessor:
    """Turns the output tensors of one image into predictions. Thread-safe, cheap to build.

    Args:
        task: name of the manifest's task.
        steps: a valid chain of manifest steps for that task.
        labels: the manifest's labels.
        native: whether the native path is used where it is installed.
    """

    def __init__(
        self, task: str, steps: Sequence[PostprocessStep], labels: Sequence[Label], *, native: bool = True
    ) -> None:
        self._publish = TASKS[task].publish
        self._steps = tuple((_OPERATIONS[type(step)], step) for step in steps)
        self._labels = LabelTable(labels)
        self._native: NativePath | None = open_native(task, steps) if native else None

    def __call__(self, tensors: Tensors) -> tuple[Prediction, ...]:
        """Predictions, in the order the last step left them.

        Raises:
            EngineError: an output is not finite, does not fit the step that reads it, or names a class without a label.
        """
        state = self.final(tensors)
        if not np.isfinite(state.score).all():
            raise EngineError(
                "the scores of the model are no probabilities",
                got="products beyond float32",
                expected="values from 0 to 1",
                remedy="check the head in the recipe: it may want an activation",
            )
        return self._publish(state.take(self._labels.published(state.index)), self._labels)

    def final(self, tensors: Tensors) -> Final:
        """The state that the last step leaves, labelled or not.

        Raises:
            EngineError: an output is not finite, or does not fit the step that reads it.
        """
        if self._native is not None:
            return self._native.run(tensors)
        state: State = tensors
        for operation, step in self._steps:
            state = operation(step, state, tensors)
        if not isinstance(state, Final):
            raise TypeError(f"a post-processing chain ends in predictions, not in {type(state).__name__}")
        return state


_Operation = Callable[[Any, Any, Tensors], State]
"""(step, state, tensors) -> state; the tensors are there for a step that reads an output later in the chain."""


def _reader(read: Callable[[Any, Tensors], State]) -> _Operation:
    return lambda step, _, tensors: read(step, tensors)


def _score(step: Score, state: Classes | ScoredBoxes | Detections | Poses, _: Tensors) -> Classes | Detections | Poses:
    if isinstance(state, ScoredBoxes):
        return pick_classes(state, step.min, step.multi_label)
    return state.take(np.flatnonzero(state.score >= step.min))


def _nms(step: Nms, state: Detections, _: Tensors) -> Detections:
    return suppress(step, state)


def _top(step: Top, state: Classes | Detections, _: Tensors) -> Classes | Detections:
    return state.take(np.argsort(-state.score, kind="stable")[: step.k])


def _restore(_: Restore, state: Detections | MaskedDetections | Poses, tensors: Tensors) -> State:
    match state:
        case Detections():
            return restore_boxes(state, tensors.geometry)
        case MaskedDetections():
            return restore_masks(state, tensors.geometry)
        case Poses():
            return restore_poses(state, tensors.geometry)


# The manifest has checked that each operation gets the state it works on.
_OPERATIONS: dict[type, _Operation] = {
    Softmax: _reader(read_classes),
    Sigmoid: _reader(read_classes),
    Probabilities: _reader(read_classes),
    Yolox: _reader(decode_yolox),
    Yolo: _reader(read_yolo),
    Boxes: _reader(read_boxes),
    Ssd: _reader(decode_ssd),
    Distances: _reader(decode_distances),
    Picked: _reader(read_picked),
    HeatMaps: _reader(read_heat_maps),
    Luma: _reader(read_luma),
    Score: _score,
    Nms: _nms,
    Top: _top,
    Masks: read_masks,
    Restore: _restore,
}
