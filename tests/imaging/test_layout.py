"""Sizes and offsets, worked out by hand."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inference_core.bundle.preprocess import Crop, Letterbox, ResizeShort
from inference_core.imaging.layout import anchor_offset, crop_offset, letterbox_size, round_size, short_side_size


@pytest.mark.parametrize(
    ("value", "floor", "half_up", "half_even"),
    [
        (2.5, 2, 3, 2),
        (3.5, 3, 4, 4),
        (2.4, 2, 2, 2),
        (2.6, 2, 3, 3),
        (-0.5, -1, 0, 0),
        (-1.5, -2, -1, -2),
        (7.0, 7, 7, 7),
    ],
)
def test_rounding(value: float, floor: int, half_up: int, half_even: int) -> None:
    assert [round_size(value, r) for r in ("floor", "half_up", "half_even")] == [floor, half_up, half_even]


@pytest.mark.parametrize(
    ("size", "rules", "expected"),
    [
        ((640, 480), {}, (416, 312)),
        ((480, 640), {}, (312, 416)),
        ((1920, 1080), {}, (416, 234)),
        ((500, 375), {}, (416, 312)),
        ((100, 50), {}, (416, 208)),
        ((100, 50), {"upscale": False}, (100, 50)),
        ((1000, 50), {"upscale": False}, (416, 20)),  # 20.8
        ((1000, 50), {"rounding": "half_up"}, (416, 21)),
        ((1, 16384), {}, (1, 416)),  # 0.025 columns, never below 1
        ((16384, 1), {"rounding": "half_even"}, (416, 1)),
        ((416, 416), {}, (416, 416)),
        ((832, 5), {"rounding": "half_even"}, (416, 2)),  # 2.5
        ((832, 5), {"rounding": "half_up"}, (416, 3)),
    ],
)
def test_letterbox(size: tuple[int, int], rules: dict[str, Any], expected: tuple[int, int]) -> None:
    assert letterbox_size(*size, Letterbox(width=416, height=416, **rules)) == expected


def test_a_binding_limit_rounds_twice_as_torchvision_does() -> None:
    # 9 * 5 / 7 = 6.43 gives 6, over 5; then 5 * 5 / 6 = 4.17 gives 4, where 5 * 7 / 9 = 3.89 would give 3.
    assert short_side_size(7, 9, ResizeShort(length=5, limit=5)) == (4, 5)


@given(st.integers(1, 20000), st.integers(1, 20000), st.sampled_from([(416, 416), (640, 384), (1, 7)]))
def test_letterbox_is_the_rule_of_yolox_and_never_leaves_the_canvas(w: int, h: int, canvas: tuple[int, int]) -> None:
    ratio = min(canvas[1] / h, canvas[0] / w)  # yolox/data/data_augment.py, preproc
    width, height = letterbox_size(w, h, Letterbox(width=canvas[0], height=canvas[1]))
    assert (width, height) == (max(1, int(w * ratio)), max(1, int(h * ratio)))
    assert width <= canvas[0]
    assert height <= canvas[1]


@pytest.mark.parametrize(
    ("size", "rules", "expected"),
    [
        ((640, 480), {}, (341, 256)),  # 341.33
        ((480, 640), {}, (256, 341)),
        ((500, 375), {}, (341, 256)),
        ((300, 301), {}, (256, 256)),  # 256.85 down
        ((300, 301), {"rounding": "half_up"}, (256, 257)),
        ((100, 100), {}, (256, 256)),
        ((1, 16384), {}, (256, 4194304)),
        ((1, 16384), {"limit": 1333}, (1, 1333)),
        ((1000, 100), {"limit": 800}, (800, 80)),
        ((100, 1000), {"limit": 800}, (80, 800)),
        ((1000, 333), {"limit": 700}, (700, 233)),  # 233.1
        ((640, 480), {"limit": 341}, (341, 256)),
        ((640, 480), {"limit": 340}, (340, 255)),
    ],
)
def test_short_side(size: tuple[int, int], rules: dict[str, Any], expected: tuple[int, int]) -> None:
    assert short_side_size(*size, ResizeShort(length=256, **rules)) == expected


@given(st.integers(1, 20000), st.integers(1, 20000), st.sampled_from([224, 232, 256, 342]))
@example(336, 345, 224)  # exactly 230, unless the quotient is taken first
def test_short_side_is_the_rule_of_torchvision(width: int, height: int, length: int) -> None:
    short, long = (width, height) if width <= height else (height, width)
    other = int(length * long / short)  # torchvision/transforms/functional.py, _compute_resized_output_size
    expected = (length, other) if width <= height else (other, length)
    assert short_side_size(width, height, ResizeShort(length=length)) == expected


@pytest.mark.parametrize(("space", "center"), [(0, 0), (1, 0), (2, 1), (5, 2)])
def test_centred_leftovers_are_halved_and_rounded_down(space: int, center: int) -> None:
    assert (anchor_offset(space, "center"), anchor_offset(space, "top-left")) == (center, 0)


@pytest.mark.parametrize(
    ("size", "rules", "expected"),
    [
        (256, {}, 16),
        (341, {}, 58),  # 58.5 to even
        (343, {}, 60),  # 59.5 to even
        (341, {"rounding": "floor"}, 58),
        (341, {"rounding": "half_up"}, 59),
        (224, {}, 0),
        (223, {}, 0),  # -0.5
        (222, {}, -1),
        (221, {}, -1),  # torchvision pads by the half rounded down
        (217, {"rounding": "half_up"}, -3),
        (999, {"anchor": "top-left"}, 0),
    ],
)
def test_crop_offset(size: int, rules: dict[str, Any], expected: int) -> None:
    assert crop_offset(size, 224, Crop(width=224, height=224, **rules)) == expected


@given(st.integers(224, 5000))
def test_a_centred_crop_is_the_rule_of_torchvision(size: int) -> None:
    assert crop_offset(size, 224, Crop(width=224, height=224)) == round((size - 224) / 2.0)
