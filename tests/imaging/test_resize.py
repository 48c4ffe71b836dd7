"""Resampling: bit-equal to the library that each family is named after."""

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_core.bundle.preprocess import Resize
from inference_core.imaging.resize import nearest_indices, resize_bilinear, resize_image
from tests.pictures import noise

SIDE = st.integers(1, 64)


def resized(pixels: np.ndarray, width: int, height: int, **rules: Any) -> np.ndarray:
    step = Resize(width=width, height=height, **rules)
    return np.asarray(resize_image(Image.fromarray(pixels), width, height, step))


@settings(max_examples=300, deadline=None)
@given(SIDE, SIDE, SIDE, SIDE, st.sampled_from([1, 3]), st.integers(0, 9))
def test_bilinear_equals_opencv_bit_for_bit(w: int, h: int, to_w: int, to_h: int, channels: int, seed: int) -> None:
    pixels = noise(w, h, channels=channels, seed=seed)
    expected = cv2.resize(pixels, (to_w, to_h), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(resized(pixels, to_w, to_h, antialias=False), expected)


def test_bilinear_equals_opencv_for_every_ratio_of_small_sides() -> None:
    """Halving is among them, where OpenCV averages areas instead: with these weights that is the same number."""
    for source in range(1, 65):
        for target in range(1, 65):
            pixels = noise(65 - source, source, seed=source)
            expected = cv2.resize(pixels, (65 - target, target), interpolation=cv2.INTER_LINEAR)
            assert np.array_equal(resize_bilinear(pixels, 65 - target, target, "half"), expected), (source, target)


@pytest.mark.parametrize(
    ("width", "height", "to_width", "to_height"),
    [
        (640, 480, 416, 312),
        (1920, 1080, 416, 234),
        (500, 375, 250, 188),
        (1000, 800, 500, 400),
        (2999, 3, 17, 1000),
        (3, 2999, 1000, 17),
        (33, 47, 330, 470),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_bilinear_equals_opencv_at_real_sizes(
    width: int, height: int, to_width: int, to_height: int, channels: int
) -> None:
    pixels = noise(width, height, channels=channels)
    expected = cv2.resize(pixels, (to_width, to_height), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(resize_bilinear(pixels, to_width, to_height, "half"), expected)


@pytest.mark.parametrize("source", [1, 2, 3, 5, 7, 64, 99, 128, 255])
def test_legacy_nearest_equals_opencv_where_rounding_decides_too(source: int) -> None:
    """2 to 98 and the like: 49 * (1 / (98 / 2)) is just under 1 in floating point, so OpenCV takes pixel 0 twice."""
    ramp = np.arange(source, dtype=np.uint8)[None]
    for target in range(1, 300):
        expected = cv2.resize(ramp, (target, 1), interpolation=cv2.INTER_NEAREST)[0]
        assert np.array_equal(nearest_indices(source, target), expected), target


@settings(max_examples=60, deadline=None)
@given(SIDE, SIDE, SIDE, SIDE, st.sampled_from([1, 3]))
def test_legacy_nearest_equals_opencv(w: int, h: int, to_w: int, to_h: int, channels: int) -> None:
    pixels = noise(w, h, channels=channels)
    expected = cv2.resize(pixels, (to_w, to_h), interpolation=cv2.INTER_NEAREST)
    got = resized(pixels, to_w, to_h, resample="nearest", antialias=False, pixel_centers="legacy")
    assert np.array_equal(got, expected)


@pytest.mark.parametrize(
    ("resample", "antialias"),
    [("nearest", False), ("box", True), ("bilinear", True), ("bicubic", True), ("lanczos", True)],
)
@pytest.mark.parametrize("size", [(7, 31), (40, 20), (13, 13), (90, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_half_centres_equal_pillow(resample: str, antialias: bool, size: tuple[int, int], channels: int) -> None:
    pixels = noise(20, 26, channels=channels)
    expected = Image.fromarray(pixels).resize(size, Image.Resampling[resample.upper()])
    assert np.array_equal(resized(pixels, *size, resample=resample, antialias=antialias), np.asarray(expected))


def test_half_nearest_takes_the_middle_and_legacy_the_first_pixel() -> None:
    ramp = np.arange(6, dtype=np.uint8)[None]
    rules = {"resample": "nearest", "antialias": False}
    assert resized(ramp, 2, 1, **rules).tolist() == [[1, 4]]
    assert resized(ramp, 2, 1, **rules, pixel_centers="legacy").tolist() == [[0, 3]]


def tensorflow_1(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """ResizeBilinear with align_corners and half_pixel_centers false, pixel by pixel."""
    source_height, source_width = pixels.shape
    out = np.empty((height, width))
    for row in range(height):
        y = row * source_height / height
        top, bottom = int(y), min(int(y) + 1, source_height - 1)
        for column in range(width):
            x = column * source_width / width
            left, right = int(x), min(int(x) + 1, source_width - 1)
            upper = pixels[top, left] + (pixels[top, right] - pixels[top, left]) * (x - left)
            lower = pixels[bottom, left] + (pixels[bottom, right] - pixels[bottom, left]) * (x - left)
            out[row, column] = upper + (lower - upper) * (y - top)
    return out


@pytest.mark.parametrize("size", [(17, 5), (5, 17), (1, 1), (40, 40), (20, 26), (10, 13)])
def test_legacy_bilinear_is_tensorflow_1_within_a_level(size: tuple[int, int]) -> None:
    pixels = noise(20, 26, channels=1)
    got = resized(pixels, *size, antialias=False, pixel_centers="legacy")
    assert np.abs(got - tensorflow_1(pixels.astype(np.float64), *size)).max() <= 1


def test_legacy_bilinear_starts_exactly_at_the_first_pixel() -> None:
    ramp = np.array([[0, 100]], np.uint8)
    assert resized(ramp, 4, 1, antialias=False, pixel_centers="legacy").tolist() == [[0, 50, 100, 100]]
    assert resized(ramp, 4, 1, antialias=False).tolist() == [[0, 25, 75, 100]]


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("centers", ["half", "legacy"])
def test_one_colour_stays_one_colour(level: int, centers: Any) -> None:
    """Weights of 11 bits do not always add up to 2048, so a level may fall by one, as upstream's does."""
    flat = np.full((13, 29), level, np.uint8)
    for side in (1, 7, 29, 64):
        got = resize_bilinear(flat, side, side, centers)
        assert got.max() <= level
        assert got.min() >= level - 1


@pytest.mark.parametrize("resample", ["bilinear", "lanczos", "bicubic", "box"])
def test_the_same_size_gives_the_same_image(resample: Any) -> None:
    image = Image.fromarray(noise(5, 4))
    assert resize_image(image, 5, 4, Resize(width=5, height=4, resample=resample)) is image
