"""Chains of steps: exact canvases, and a geometry that says where every pixel went."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_core.bundle.preprocess import Crop, Decode, Letterbox, Pad, PreprocessStep, Resize, ResizeShort, ToTensor
from inference_core.errors import InvalidImageError, TooLargeError
from inference_core.imaging import Geometry, Prepared, Preprocessor
from tests.pictures import encode, noise

NEAREST: dict[str, Any] = {"resample": "nearest", "antialias": False}


def prepared(pixels: np.ndarray, *steps: PreprocessStep) -> Prepared:
    chain = [Decode(), *steps, ToTensor(layout="NHWC", dtype="uint8")]
    return Preprocessor(chain).prepare(Image.fromarray(pixels))


def canvas(width: int, height: int, fill: int) -> np.ndarray:
    return np.full((height, width, 3), fill, np.uint8)


@pytest.mark.parametrize(("anchor", "top"), [("center", 2), ("top-left", 0)])
def test_letterbox_fills_what_the_picture_leaves(anchor: Any, top: int) -> None:
    pixels = noise(4, 2)
    expected = canvas(8, 9, 114)
    expected[top : top + 4] = pixels.repeat(2, axis=0).repeat(2, axis=1)
    got = prepared(pixels, Letterbox(width=8, height=9, anchor=anchor, **NEAREST))
    assert np.array_equal(got.tensor[0], expected)
    assert got.geometry == Geometry(4, 2, 2.0, 2.0, 0.0, float(top))


def test_letterbox_without_upscaling_only_pads() -> None:
    pixels = noise(4, 2)
    expected = canvas(9, 8, 7)
    expected[3:5, 2:6] = pixels
    got = prepared(pixels, Letterbox(width=9, height=8, upscale=False, fill=7))
    assert np.array_equal(got.tensor[0], expected)
    assert got.geometry == Geometry(4, 2, 1.0, 1.0, 2.0, 3.0)


def test_the_scale_is_that_of_the_rounded_size() -> None:
    got = prepared(noise(3, 7), Letterbox(width=10, height=10, anchor="top-left"))  # 4.28 columns, so 4
    assert (got.geometry.scale_x, got.geometry.scale_y) == (4 / 3, 10 / 7)


@pytest.mark.parametrize(
    ("anchor", "size", "place"),
    [
        ("top-left", (5, 3), (0, 0)),
        ("center", (5, 3), (1, 0)),
        ("center", (8, 4), (0, 0)),
        ("top-left", (1, 8), (0, 0)),
    ],
)
def test_pad_goes_up_to_the_next_multiple(anchor: Any, size: tuple[int, int], place: tuple[int, int]) -> None:
    width, height = -(-size[0] // 4) * 4, -(-size[1] // 4) * 4
    pixels, (left, top) = noise(*size), place
    expected = canvas(width, height, 9)
    expected[top : top + size[1], left : left + size[0]] = pixels
    got = prepared(pixels, Pad(multiple=4, anchor=anchor, fill=9))
    assert np.array_equal(got.tensor[0], expected)
    assert got.geometry == Geometry(*size, 1.0, 1.0, float(left), float(top))


@pytest.mark.parametrize(("anchor", "left", "top"), [("center", 2, 1), ("top-left", 0, 0)])
def test_crop_cuts_out(anchor: Any, left: int, top: int) -> None:
    pixels = noise(7, 5)
    got = prepared(pixels, Crop(width=3, height=3, anchor=anchor))
    assert np.array_equal(got.tensor[0], pixels[top : top + 3, left : left + 3])
    assert got.geometry == Geometry(7, 5, 1.0, 1.0, -left, -top)


def test_a_crop_larger_than_the_picture_is_filled() -> None:
    pixels = noise(2, 6)
    expected = canvas(6, 2, 50)
    expected[:, 2:4] = pixels[2:4]
    got = prepared(pixels, Crop(width=6, height=2, fill=50))
    assert np.array_equal(got.tensor[0], expected)
    assert got.geometry == Geometry(2, 6, 1.0, 1.0, 2.0, -2.0)


def test_gray_pictures_pass_through_every_step() -> None:
    letterbox, pad = Letterbox(width=8, height=8, fill=77), Pad(multiple=5, fill=3)
    preprocessor = Preprocessor([Decode(color="GRAY"), letterbox, pad, ToTensor(dtype="uint8")])
    tensor = preprocessor.prepare(preprocessor.decode(encode(np.full((4, 8, 3), 200, np.uint8)))).tensor
    assert tensor.shape == (1, 1, 10, 10)
    assert tensor[0, 0, :, 0].tolist() == [77] * 2 + [200] * 4 + [77] * 2 + [3] * 2


STEPS: list[PreprocessStep] = [
    Resize(width=90, height=70, **NEAREST),
    ResizeShort(length=64, limit=120, **NEAREST),
    Letterbox(width=96, height=80, **NEAREST),
    Letterbox(width=70, height=110, anchor="top-left", **NEAREST),
    Pad(multiple=32),
    Pad(multiple=50, anchor="center"),
    Crop(width=100, height=120),
]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4), st.integers(50, 120), st.integers(50, 120))
def test_a_rectangle_lies_where_the_geometry_says(steps: list[PreprocessStep], width: int, height: int) -> None:
    pixels = canvas(width, height, 0)
    box = (width // 3, height // 3, width * 2 // 3, height * 2 // 3)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    got = prepared(pixels, *(step.model_copy(update={"fill": 0}) if hasattr(step, "fill") else step for step in steps))
    rows, columns = np.nonzero(got.tensor[0, :, :, 0])
    g = got.geometry
    mapped = [box[0] * g.scale_x + g.offset_x, box[1] * g.scale_y + g.offset_y]
    mapped += [box[2] * g.scale_x + g.offset_x, box[3] * g.scale_y + g.offset_y]
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    slack = 1.0 + len(steps) * max(1.0, g.scale_x, g.scale_y)  # each nearest step may move an edge by half a pixel
    assert np.abs(np.subtract(seen, mapped)).max() <= slack
    assert (g.width, g.height) == (width, height)


def test_whole_number_scales_move_a_rectangle_exactly() -> None:
    pixels = canvas(20, 10, 0)
    pixels[2:5, 4:9] = 255
    got = prepared(
        pixels, Resize(width=60, height=20, **NEAREST), Pad(multiple=64, anchor="center"), Crop(width=50, height=30)
    )
    rows, columns = np.nonzero(got.tensor[0, :, :, 0])
    # x: * 3, + 2 of padding, - 7 of crop; y: * 2, + 22, - 17
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (7, 22, 9, 15)
    assert got.geometry == Geometry(20, 10, 3.0, 2.0, -5.0, 5.0)


@pytest.mark.parametrize(
    ("size", "step", "grown"),
    [
        ((1, 16384), ResizeShort(length=224), "224 x 3670016"),
        ((1, 30000), Pad(multiple=16384), "16384 x 32768"),
    ],
)
def test_a_picture_that_would_explode_is_refused(size: tuple[int, int], step: PreprocessStep, grown: str) -> None:
    with pytest.raises(InvalidImageError) as caught:
        prepared(canvas(*size, 0), step)
    assert caught.value.got == f"{size[0]} x {size[1]}, which would become {grown}"
    assert caught.value.expected == f"at most 268435456 pixels after {step.op}"


def test_the_pixel_cap_reaches_the_decoder() -> None:
    preprocessor = Preprocessor([Decode(), ToTensor()], max_pixels=11)
    with pytest.raises(TooLargeError, match="too many pixels"):
        preprocessor.decode(encode(noise(4, 3)))


@pytest.mark.parametrize("steps", [[Decode(), Pad(multiple=4)], [Pad(multiple=4), ToTensor()]])
def test_a_chain_without_its_ends_is_a_mistake_of_the_caller(steps: list[PreprocessStep]) -> None:
    with pytest.raises(TypeError, match="begins with decode and ends with tensor"):
        Preprocessor(steps)
