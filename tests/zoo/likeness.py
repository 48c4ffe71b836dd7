"""How near a picture is to its original."""

import numpy as np
import numpy.typing as npt
from PIL import Image

Levels = npt.NDArray[np.float64]


def luma(picture: Image.Image) -> Levels:
    """[H, W], of its YCbCr."""
    return np.asarray(picture.convert("YCbCr"), np.float64)[..., 0]


def bicubic(small: Image.Image, factor: int) -> Levels:
    """The luma of a picture, enlarged by Pillow alone."""
    size = small.width * factor, small.height * factor
    return np.asarray(small.convert("YCbCr").getchannel("Y").resize(size, Image.Resampling.BICUBIC), np.float64)


def psnr(one: Levels, other: Levels) -> float:
    """Peak signal to noise, decibels."""
    return float(10 * np.log10(255**2 / np.mean((one - other) ** 2)))
