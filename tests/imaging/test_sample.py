"""The picture that trial runs and warm-ups use."""

import io

import numpy as np
from PIL import Image

from inference_core.imaging import sample_picture


def test_it_is_always_the_same_has_the_size_asked_for_and_is_not_plain() -> None:
    data = sample_picture(31, 17)
    assert data == sample_picture(31, 17)
    levels = np.asarray(Image.open(io.BytesIO(data)))
    assert levels.shape == (17, 31, 3)
    assert np.ptp(levels, axis=(0, 1)).min() > 200
