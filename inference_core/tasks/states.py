"""The states between post-processing steps, one image each. Their names are those of the manifest's vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference_core.errors import EngineError
from inference_core.imaging.geometry import Geometry
from inference_core.tasks.rle import Rle

Floats = npt.NDArray[np.floating]
Singles = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tensors:
    """The model's outputs for one image, without the batch axis."""

    outputs: Mapping[str, npt.NDArray[np.generic]]
    input_width: int
    """Of the input tensor, pixels."""
    input_height: int
    geometry: Geometry
    picture: Image.Image | None = None
    """See `Prepared.picture`."""

    def output(self, name: str | None) -> Singles:
        """The named output as float32, whatever its type; the only one when `name` is None.

        Raises:
            EngineError: it holds NaN, infinity or what float32 cannot hold, which would pass for "nothing found".
        """
        value = self.outputs[name] if name is not None else next(iter(self.outputs.values()))
        with np.errstate(over="ignore"):  # refused below
            floats = value.astype(np.float32, copy=False)
        if not np.isfinite(floats).all():
            raise EngineError(
                f"model output {name or next(iter(self.outputs))} holds values that are not finite",
                got="NaN or infinity",
                expected="finite numbers",
                remedy="check the weights, and the precision the model was packed in",
            )
        return floats


def misfit(what: str, value: Floats, expected: str) -> EngineError:
    """The error of an output whose shape is not the one its step reads."""
    return EngineError(
        f"{what} does not have the shape that its step reads",
        got=f"{list(value.shape)} for one image",
        expected=expected,
        remedy="correct the postprocess steps in the recipe and pack the model again",
    )


@dataclass(frozen=True, slots=True)
class Classes:
    """Scores of classes of the whole image."""

    index: Integers
    """[K] positions in the label list."""
    score: Floats
    """[K]"""

    def take(self, order: Integers) -> Self:
        """The classes at `order`."""
        return type(self)(self.index[order], self.score[order])


@dataclass(frozen=True, slots=True)
class ScoredBoxes:
    """Boxes with a score for every class."""

    boxes: Floats
    """[A, 4] x1, y1, x2, y2 in input pixels."""
    scores: Floats
    """[A, C]"""


@dataclass(frozen=True, slots=True)
class Detections:
    """Boxes of one class each."""

    boxes: Floats
    """[K, 4] x1, y1, x2, y2: float32 in input pixels, float64 in pixels of the upright original once restored."""
    score: Floats
    """[K]"""
    index: Integers
    """[K] positions in the label list."""
    rows: Integers
    """[K] rows of the output tensors that they came from."""

    def take(self, order: Integers) -> Self:
        """The detections at `order`."""
        return type(self)(self.boxes[order], self.score[order], self.index[order], self.rows[order])


@dataclass(frozen=True, slots=True)
class MaskedDetections:
    """Detections with the masks that the model gave, in its resolution."""

    found: Detections
    masks: Singles
    """[K, h, w] probabilities, each map spanning its box."""
    threshold: float
    """The least probability that belongs to the object."""


@dataclass(frozen=True, slots=True)
class RestoredMasks:
    """Detections with masks, both in pixels of the upright original."""

    found: Detections
    masks: tuple[Rle, ...]
    """[K], of the whole image each."""

    @property
    def index(self) -> Integers:
        """[K] positions in the label list."""
        return self.found.index

    @property
    def score(self) -> Floats:
        """[K]"""
        return self.found.score

    def take(self, order: Integers) -> Self:
        """The detections at `order`."""
        return type(self)(self.found.take(order), tuple(self.masks[i] for i in order.tolist()))


@dataclass(frozen=True, slots=True)
class Poses:
    """Keypoints of persons, or of other things that have them."""

    keypoints: Floats
    """[P, J, 3] x, y, score: float32 in input pixels, float64 in pixels of the upright original once restored."""
    score: Floats
    """[P]"""
    index: Integers
    """[P] positions in the label list."""

    def take(self, order: Integers) -> Self:
        """The poses at `order`."""
        return type(self)(self.keypoints[order], self.score[order], self.index[order])


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures that the model made."""

    pictures: tuple[Image.Image, ...]
    """[K], of mode RGB."""
    score: Floats
    """[K]"""
    index: Integers
    """[K] positions in the label list."""

    def take(self, order: Integers) -> Self:
        """The pictures at `order`."""
        return type(self)(tuple(self.pictures[i] for i in order.tolist()), self.score[order], self.index[order])


Final = Classes | Detections | RestoredMasks | Poses | Pictures
State = Tensors | ScoredBoxes | MaskedDetections | Final
