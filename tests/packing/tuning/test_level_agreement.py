"""Agreement of pictures that two models make, against values worked out by hand."""

import base64

import numpy as np
import pytest

from inference_core.packing.tuning.agreement import agreement
from inference_core.tasks import ImageSize, Picture, Result
from tests.pictures import encode


def enlarged(*levels: int, width: int = 2) -> Result:
    """Of a picture of one row, grey levels that repeat."""
    row = np.resize(np.array(levels, np.uint8), (1, width))
    file = base64.b64encode(encode(np.stack([row] * 3, axis=-1))).decode()
    return Result("tiny", "1", "super_resolution", ImageSize(width, 1), (Picture("picture", 0, 1.0, file, width, 1),))


def test_it_is_that_of_their_levels() -> None:
    expected = [enlarged(0, 255), enlarged(100)]
    assert agreement(expected, expected) == 1.0
    assert agreement(expected, [enlarged(51, 255), enlarged(100)]) == pytest.approx(1 - 51 / 255 / 2 / 2)
    assert agreement([enlarged(250)], [enlarged(5)]) == pytest.approx(1 - 245 / 255)
    assert agreement(expected, [enlarged(0, 255, width=4), enlarged(100)]) == 0.5
