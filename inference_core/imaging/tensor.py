"""The last preprocessing step: an 8-bit image becomes an input tensor through one table look-up per channel."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from inference_core.bundle.preprocess import Decode, ToTensor

Tensor = npt.NDArray[np.generic]


class TensorWriter:
    """Writes images into input tensors as the manifest's `tensor` step says.

    The 256 possible values of a channel are computed once in float64 and rounded to float32, so that every
    implementation that uses the same table gives the same bits.
    """

    def __init__(self, decode: Decode, step: ToTensor) -> None:
        self._step = step
        self._channels = {"RGB": (0, 1, 2), "BGR": (2, 1, 0), "GRAY": (0,), "Y": (0,)}[decode.color]
        self._of_luma = decode.color == "Y"
        self._tables = level_tables(step, len(self._channels))

    def __call__(self, image: Image.Image) -> Tensor:
        """Returns [1, C, H, W] or [1, H, W, C] in the step's dtype.

        Args:
            image: mode RGB or L.
        """
        source = image.convert("YCbCr") if self._of_luma else image
        pixels = np.asarray(source).reshape(image.height, image.width, -1)
        planar = self._step.layout == "NCHW"
        height, width, count = image.height, image.width, len(self._channels)
        out = np.empty((1, count, height, width) if planar else (1, height, width, count), self._step.dtype)
        for index, channel in enumerate(self._channels):
            target = out[0, index] if planar else out[0, :, :, index]
            if self._tables is None:
                target[...] = pixels[..., channel]
            else:
                target[...] = self._tables[index].take(pixels[..., channel])
        return out


def level_tables(step: ToTensor, channels: int) -> npt.NDArray[np.floating] | None:
    """Table [C, 256] of the float value of each level; None where the levels are used as they are (uint8)."""
    if step.dtype == "uint8":
        return None
    levels = np.arange(256, dtype=np.float64) * step.scale
    mean = np.broadcast_to(np.asarray(step.mean or 0.0, np.float64), channels)
    std = np.broadcast_to(np.asarray(step.std or 1.0, np.float64), channels)
    table: npt.NDArray[np.floating] = ((levels[None, :] - mean[:, None]) / std[:, None]).astype(np.float32)
    return table.astype(np.float16) if step.dtype == "float16" else table
