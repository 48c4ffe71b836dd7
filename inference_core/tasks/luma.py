"""Enlarged pictures from their luma: the reference implementation."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference_core.bundle.pictures import Luma
from inference_core.errors import EngineError
from inference_core.imaging.geometry import Geometry
from inference_core.tasks.states import Pictures, Tensors, misfit


def read_luma(step: Luma, tensors: Tensors) -> Pictures:
    """The one picture, `factor` times larger than what the model was shown of the original; its class is the first."""
    if tensors.picture is None:
        raise TypeError("the luma of a picture goes with the picture itself")
    left, top, right, bottom = box = _shown(tensors.geometry, tensors.picture)
    levels = _levels(step, tensors)[top * step.factor : bottom * step.factor, left * step.factor : right * step.factor]
    luma = Image.fromarray(levels)
    _, *colors = tensors.picture.crop(box).convert("YCbCr").split()
    large = [plane.resize(luma.size, Image.Resampling.BICUBIC) for plane in colors]
    picture = Image.merge("YCbCr", (luma, *large)).convert("RGB")
    return Pictures((picture,), np.ones(1, np.float32), np.zeros(1, np.int64))


def _levels(step: Luma, tensors: Tensors) -> npt.NDArray[np.uint8]:
    """[factor * height, factor * width]"""
    raw = tensors.output(step.output)
    height, width = step.factor * tensors.input_height, step.factor * tensors.input_width
    shape = (1, height, width) if step.layout == "CHW" else (height, width, 1)
    if raw.shape != shape:
        raise misfit("the luma output", raw, f"{list(shape)}, {step.factor} times the input")
    values = raw.reshape(height, width).astype(np.float64) / step.white * 255
    levels: npt.NDArray[np.uint8] = np.rint(values.clip(0, 255)).astype(np.uint8)
    return levels


def _shown(geometry: Geometry, canvas: Image.Image) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in pixels of the input `canvas`, of what it shows of the original."""
    ends = (
        (geometry.offset_x, geometry.width * geometry.scale_x, canvas.width),
        (geometry.offset_y, geometry.height * geometry.scale_y, canvas.height),
    )
    (left, right), (top, bottom) = ((max(round(o), 0), min(round(o + length), size)) for o, length, size in ends)
    if left >= right or top >= bottom:
        raise EngineError(
            "nothing of the picture was left for the model",
            expected="steps that keep at least a pixel of it",
            remedy="correct the preprocess steps in the recipe and pack the model again",
        )
    return left, top, right, bottom
