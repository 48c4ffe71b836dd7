"""Output tensors to predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from satchel_imaging import _core
from satchel_imaging.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Predictions:
    """What was found in one picture. Columns that a chain does not fill are empty."""

    index: npt.NDArray[np.int64]
    """[K] classes."""
    score: npt.NDArray[np.float32]
    """[K]"""
    rows: npt.NDArray[np.int64]
    """[K] rows of the outputs that the boxes came from."""
    boxes: npt.NDArray[np.float64]
    """[K, 4] x1, y1, x2, y2 in pixels of the upright original."""
    keypoints: npt.NDArray[np.float64]
    """[K, J, 3] x, y in pixels of the upright original, and a score."""
    masks: tuple[str, ...]
    """[K] masks of the whole upright original, run lengths as COCO writes them (`counts`)."""


class Postprocessor:
    """A manifest's post-processing steps. Thread-safe; works without the interpreter's lock.

    Args:
        steps: records as in `bundle.json`, with every parameter.
        outputs: names of the outputs that the steps read; the first is that of steps which name none.

    Raises:
        ImagingError: steps that this build does not know, that do not fit each other, or that read another output (code
            `bad_argument`).
    """

    def __init__(self, steps: Sequence[Mapping[str, object]], outputs: Sequence[str]) -> None:
        self._core = _core.Postprocessor([dict(step) for step in steps], list(outputs))
        self._outputs = tuple(outputs)

    def run(
        self,
        outputs: Mapping[str, npt.NDArray[np.generic]],
        input_width: int,
        input_height: int,
        geometry: Geometry,
    ) -> Predictions:
        """What the model found in one picture.

        Args:
            outputs: by name, for one picture and without a batch axis; others than the steps read do no harm.
            input_width: of the input tensor, pixels.
            input_height: likewise.
            geometry: where the input lies in the upright original.

        Raises:
            ImagingError: `code` is one of `not_finite`, `bad_shape`, `bad_rows`, `bad_values` and `bad_argument`.
            KeyError: an output that the steps read is not there.
        """
        arrays = [_as_floats(outputs[name]) for name in self._outputs]
        index, score, rows, boxes, keypoints, masks = self._core.run(arrays, input_width, input_height, geometry)
        return Predictions(index, score, rows, boxes, keypoints, tuple(masks))


def _as_floats(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """As the module reads them; copied only where they are not so already."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity, which the module refuses
        return np.require(values, np.float32, ("C", "A"))
