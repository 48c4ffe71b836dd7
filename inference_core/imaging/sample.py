"""A picture made on the spot, for trial runs and warm-ups."""

import io

import numpy as np
from PIL import Image


def sample_picture(width: int, height: int) -> bytes:
    """A PNG file with a gradient and noise, the same each time."""
    gradient = np.linspace(0, 200, width)[None, :, None] * np.ones((height, 1, 3))
    noise = np.random.default_rng(0).integers(0, 56, (height, width, 3))
    stream = io.BytesIO()
    Image.fromarray((gradient + noise).astype(np.uint8)).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
