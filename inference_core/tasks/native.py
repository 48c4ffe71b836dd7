"""The native path of post-processing: its results as states, and its errors in terms of ours.

It is there where the native path of pictures is: see `inference_core.imaging.native`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from inference_core.bundle.postprocess import PostprocessStep
from inference_core.errors import EngineError
from inference_core.imaging.native import Path, imaging_paths
from inference_core.tasks.rle import Rle
from inference_core.tasks.states import Classes, Detections, Final, Poses, RestoredMasks, Tensors

if TYPE_CHECKING:
    import satchel_imaging

_REMEDIES = {
    "not_finite": "check the weights, and the precision the model was packed in",
    "bad_shape": "correct the postprocess steps in the recipe and pack the model again",
    "bad_rows": "correct the strides in the recipe and pack the model again",
    "bad_values": "correct the names of the outputs in the recipe and pack the model again",
}


class NativePath:
    """The steps of one manifest in the native module. Thread-safe."""

    def __init__(self, task: str, steps: Sequence[PostprocessStep]) -> None:
        import satchel_imaging

        self._module = satchel_imaging
        self._steps = [step.model_dump() for step in steps]
        self._names = tuple(dict.fromkeys(use.name for step in steps for use in step.tensors()))
        self._built: dict[tuple[str, ...], satchel_imaging.Postprocessor] = {}
        self._state = _STATES[task]

    def run(self, tensors: Tensors) -> Final:
        """The state after the last step.

        Raises:
            EngineError: as the reference does.
        """
        g = tensors.geometry
        geometry = self._module.Geometry(g.width, g.height, g.scale_x, g.scale_y, g.offset_x, g.offset_y)
        try:
            found = self._for_names(tensors).run(tensors.outputs, tensors.input_width, tensors.input_height, geometry)
        except self._module.ImagingError as error:
            if error.code not in _REMEDIES:
                raise
            raise EngineError(
                str(error), got=error.got, expected=error.expected, remedy=_REMEDIES[error.code]
            ) from error
        return self._state(found, tensors)

    def _for_names(self, tensors: Tensors) -> "satchel_imaging.Postprocessor":
        """What reads these outputs. A step that names none reads the only one, whose name the model knows."""
        names = tuple(next(iter(tensors.outputs)) if name is None else name for name in self._names)
        if names not in self._built:
            self._built[names] = self._module.Postprocessor(self._steps, names)
        return self._built[names]


def postprocessing_path() -> Path:
    """Which path post-processing takes in this process."""
    return "native" if "native" in imaging_paths().values() else "reference"


def open_native(task: str, steps: Sequence[PostprocessStep]) -> NativePath | None:
    """The native path for `steps`, or None where it is not installed, or makes nothing of the kind."""
    return NativePath(task, steps) if task in _STATES and postprocessing_path() == "native" else None


def _detections(found: "satchel_imaging.Predictions", _: Tensors) -> Detections:
    return Detections(found.boxes, found.score, found.index, found.rows)


def _masks(found: "satchel_imaging.Predictions", tensors: Tensors) -> RestoredMasks:
    size = (tensors.geometry.height, tensors.geometry.width)
    return RestoredMasks(_detections(found, tensors), tuple(Rle(size, counts) for counts in found.masks))


_STATES: dict[str, Callable[["satchel_imaging.Predictions", Tensors], Final]] = {
    "classification": lambda found, _: Classes(found.index, found.score),
    "detection": _detections,
    "instance_segmentation": _masks,
    "pose": lambda found, _: Poses(found.keypoints, found.score, found.index),
}
"""By task, what its chain ends in. Pictures are made by the reference alone, most of whose time is Pillow's."""
