"""Small pictures made on the spot."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image


def noise(width: int, height: int, *, channels: int = 3, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Random levels [H, W, C], or [H, W] for one channel."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encode(pixels: npt.NDArray[Any] | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as a file of format `kind`."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def plain(color: tuple[int, int, int], width: int = 20, height: int = 10, kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    return encode(Image.new("RGB", (width, height), color), kind)
