"""The tensor step: one table of 256 float32 per channel, worked out in float64."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle.preprocess import Decode, ToTensor
from inference_core.imaging.tensor import TensorWriter, level_tables
from tests.pictures import noise

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIXELS = noise(5, 3)


def written(pixels: np.ndarray = PIXELS, color: Any = "RGB", **rules: Any) -> np.ndarray:
    return TensorWriter(Decode(color=color), ToTensor(**rules))(Image.fromarray(pixels))


def test_the_table_is_the_float64_formula_rounded_once() -> None:
    table = level_tables(ToTensor(scale=1 / 255, mean=MEAN, std=STD), 3)
    assert table is not None
    assert table.dtype == np.float32
    for channel in range(3):
        for level in range(256):
            exact = (level * (1 / 255) - MEAN[channel]) / STD[channel]
            assert table[channel, level] == np.float32(exact)


def test_known_values_of_imagenet_normalisation() -> None:
    table = level_tables(ToTensor(scale=1 / 255, mean=MEAN, std=STD), 3)
    assert table is not None
    assert table[:, 0].tolist() == pytest.approx([-2.117904, -2.035714, -1.804444], abs=1e-6)
    assert table[:, 255].tolist() == pytest.approx([2.248908, 2.428571, 2.64], abs=1e-6)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_layout_and_type(layout: str, dtype: str) -> None:
    tensor = written(layout=layout, dtype=dtype)
    expected = PIXELS.transpose(2, 0, 1) if layout == "NCHW" else PIXELS
    assert tensor.dtype == dtype
    assert tensor.flags.c_contiguous
    assert np.array_equal(tensor, expected[None])


def test_bgr_swaps_channels_and_keeps_the_statistics_in_its_own_order() -> None:
    tensor = written(color="BGR", mean=(1.0, 10.0, 100.0), std=(1.0, 2.0, 4.0))
    assert np.array_equal(tensor[0, 0], PIXELS[..., 2] - np.float32(1))
    assert np.array_equal(tensor[0, 1], (PIXELS[..., 1] - np.float32(10)) / 2)
    assert np.array_equal(tensor[0, 2], (PIXELS[..., 0] - np.float32(100)) / 4)


@pytest.mark.parametrize(("layout", "shape"), [("NCHW", (1, 1, 3, 5)), ("NHWC", (1, 3, 5, 1))])
def test_gray_has_one_channel(layout: str, shape: tuple[int, ...]) -> None:
    grey = noise(5, 3, channels=1)
    tensor = written(grey, "GRAY", layout=layout, scale=2.0, mean=(3.0,), std=(0.5,))
    assert tensor.shape == shape
    assert np.array_equal(tensor.reshape(3, 5), (grey * np.float32(2) - 3) * 2)


def test_float16_is_the_float32_table_rounded_again() -> None:
    rules: dict[str, Any] = {"scale": 1 / 255, "mean": MEAN, "std": STD}
    assert np.array_equal(written(dtype="float16", **rules), written(**rules).astype(np.float16))


def test_uint8_has_no_table() -> None:
    assert level_tables(ToTensor(dtype="uint8"), 3) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
def test_thin_pictures_keep_their_axes(size: tuple[int, int]) -> None:
    assert written(noise(*size)).shape == (1, 3, size[1], size[0])


def test_y_is_the_luma_of_the_colours() -> None:
    primaries = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [100, 150, 200]]], np.uint8)
    tensor = written(primaries, "Y", layout="NHWC", scale=2.0)
    assert tensor.tolist() == [[[[2 * 76], [2 * 149], [2 * 29], [2 * 255], [2 * 140]]]]
