"""What a task is to the pipeline, and the table of all tasks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

from inference_core.tasks import classification, detection, instance_segmentation, pose, super_resolution
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Prediction


@dataclass(frozen=True, slots=True)
class Task:
    """How the last state of a post-processing chain becomes predictions, and how those are drawn."""

    publish: Callable[[Any, LabelTable], tuple[Prediction, ...]]
    """(state, labels) -> predictions; the state is the one the manifest's vocabulary names for the task."""
    draw: Callable[..., Image.Image]
    """(upright RGB image, predictions) -> annotated copy; that of poses also takes the manifest's `skeleton`."""


TASKS: dict[str, Task] = {
    "classification": Task(classification.publish, classification.draw),
    "detection": Task(detection.publish, detection.draw),
    "instance_segmentation": Task(instance_segmentation.publish, instance_segmentation.draw),
    "pose": Task(pose.publish, pose.draw),
    "super_resolution": Task(super_resolution.publish, super_resolution.draw),
}
"""Every task by its name in the manifest."""
