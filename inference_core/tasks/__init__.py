"""Tensors to predictions: post-processing as the manifest says, and the typed results of every task."""

from inference_core.tasks.limited import limit_predictions, limit_steps
from inference_core.tasks.postprocess import Postprocessor
from inference_core.tasks.results import (
    Classification,
    Detection,
    ImageSize,
    Instance,
    Picture,
    Pose,
    Prediction,
    Result,
    Timings,
)
from inference_core.tasks.rle import Rle
from inference_core.tasks.states import Tensors
from inference_core.tasks.task import TASKS, Task

__all__ = [
    "TASKS",
    "Classification",
    "Detection",
    "ImageSize",
    "Instance",
    "Picture",
    "Pose",
    "Postprocessor",
    "Prediction",
    "Result",
    "Rle",
    "Task",
    "Tensors",
    "Timings",
    "limit_predictions",
    "limit_steps",
]
