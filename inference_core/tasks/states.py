"""The states between post-processing steps, one image each. Their names are those of the manifest's vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference_core.errors import EngineError
from inference_core.imaging.geometry import Geometry

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tensors:
    """The model's outputs for one image, without the batch axis."""

    outputs: Mapping[str, npt.NDArray[np.generic]]
    input_width: int
    """Of the input tensor, pixels."""
    input_height: int
    geometry: Geometry

    def output(self, name: str | None) -> Floats:
        """The named output as floats; the only one when `name` is None.

        Raises:
            EngineError: it holds NaN or infinity, which would otherwise pass for "nothing found".
        """
        value = self.outputs[name] if name is not None else next(iter(self.outputs.values()))
        floats = value.astype(np.promote_types(value.dtype, np.float32), copy=False)
        if not np.isfinite(floats).all():
            raise EngineError(
                f"model output {name or next(iter(self.outputs))} holds values that are not finite",
                got="NaN or infinity",
                expected="finite numbers",
                remedy="check the weights, and the precision the model was packed in",
            )
        return floats


@dataclass(frozen=True, slots=True)
class Classes:
    """Scores of classes of the whole image."""

    index: Integers
    """[K] positions in the label list."""
    score: Floats
    """[K]"""


@dataclass(frozen=True, slots=True)
class ScoredBoxes:
    """Boxes with a score for every class."""

    boxes: Floats
    """[A, 4] x1, y1, x2, y2 in input pixels."""
    scores: Floats
    """[A, C]"""
    geometry: Geometry


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one class each."""

    boxes: Floats
    """[K, 4] x1, y1, x2, y2."""
    score: Floats
    """[K]"""
    index: Integers
    """[K] positions in the label list."""
    geometry: Geometry

    def take(self, order: Integers) -> "Detections":
        """The detections at `order`."""
        return Detections(self.boxes[order], self.score[order], self.index[order], self.geometry)


State = Tensors | Classes | ScoredBoxes | Detections
