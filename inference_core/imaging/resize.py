"""Resampling as the manifest names it: the reference that every other implementation must equal bit for bit.

With antialias, Pillow's own resampling is the definition. Without it the arithmetic is OpenCV's for 8-bit images:
weights of 11 fractional bits per axis, so that the result is an exact integer computation.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference_core.bundle.preprocess import Letterbox, PixelCenters, Resize, ResizeShort

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

_WEIGHT_ONE = 2048  # 11 fractional bits


def resize_image(image: Image.Image, width: int, height: int, step: Resize | ResizeShort | Letterbox) -> Image.Image:
    """Resizes to `width` x `height` with the algorithm of `step`; the same size gives the same image.

    Args:
        image: mode RGB or L.
    """
    if image.size == (width, height):
        return image
    if step.antialias or (step.resample == "nearest" and step.pixel_centers == "half"):
        return image.resize((width, height), _FILTERS[step.resample])
    pixels = np.asarray(image)
    if step.resample == "nearest":
        rows = nearest_indices(image.height, height)
        columns = nearest_indices(image.width, width)
        return Image.fromarray(pixels[rows[:, None], columns])
    return Image.fromarray(resize_bilinear(pixels, width, height, step.pixel_centers))


def nearest_indices(source: int, target: int) -> npt.NDArray[np.int64]:
    """Source index of each of `target` samples at legacy pixel centres: floor(i * scale), in float64 as upstream.

    Source: OpenCV 4 modules/imgproc/src/resize.cpp (INTER_NEAREST).
    """
    place = np.arange(target, dtype=np.float64) * (1.0 / (target / source))
    return np.floor(place).astype(np.int64).clip(0, source - 1)


def resize_bilinear(
    pixels: npt.NDArray[np.uint8], width: int, height: int, centers: PixelCenters
) -> npt.NDArray[np.uint8]:
    """Two-tap bilinear resampling of uint8 [H, W] or [H, W, C] without antialias.

    Rows are interpolated along x first, to 32-bit integers scaled by 2048; then along y, where each product loses
    its low bits before the sum, as the upstream kernel does to stay within 16-bit multiplications.

    Source: OpenCV 4 modules/imgproc/src/resize.cpp (INTER_LINEAR for CV_8U).
    """
    left, right, weights_x = _taps(pixels.shape[1], width, centers)
    top, bottom, weights_y = _taps(pixels.shape[0], height, centers)
    shape = (-1, 1) if pixels.ndim == 3 else (-1,)
    low, high = (w.reshape(shape) for w in weights_x)
    used, position = np.unique(np.concatenate([top, bottom]), return_inverse=True)
    rows = pixels[used]
    mixed = (rows[:, left] * low + rows[:, right] * high) >> 4
    low, high = (w.reshape((-1,) + (1,) * (pixels.ndim - 1)) for w in weights_y)
    above, below = mixed[position[:height]], mixed[position[height:]]
    blended: npt.NDArray[np.int32] = (((above * low) >> 16) + ((below * high) >> 16) + 2) >> 2
    return blended.astype(np.uint8)


_Indices = npt.NDArray[np.int64]
_Weights = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]


def _taps(source: int, target: int, centers: PixelCenters) -> tuple[_Indices, _Indices, _Weights]:
    """First and second source index of each sample, and their integer weights."""
    scale = 1.0 / (target / source)  # as upstream: the reciprocal differs from source / target in the last bit
    index = np.arange(target, dtype=np.float64)
    place = ((index + 0.5) * scale - 0.5 if centers == "half" else index * scale).astype(np.float32)
    first = np.floor(place).astype(np.int64)
    fraction = place - first.astype(np.float32)
    high = np.rint(fraction * _WEIGHT_ONE).astype(np.int32)
    low = np.rint((np.float32(1) - fraction) * _WEIGHT_ONE).astype(np.int32)
    return first.clip(0, source - 1), (first + 1).clip(0, source - 1), (low, high)
