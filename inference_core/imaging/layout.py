"""The sizes and offsets that geometric steps work with, apart from any pixels."""

import math

from inference_core.bundle.preprocess import (
    Anchor,
    Crop,
    Letterbox,
    Pad,
    Resize,
    ResizeShort,
    Rounding,
)

GeometricStep = Resize | ResizeShort | Letterbox | Pad | Crop


def round_size(value: float, rounding: Rounding) -> int:
    """Rounds a side length to a whole number of pixels."""
    match rounding:
        case "floor":
            return math.floor(value)
        case "half_up":
            return math.floor(value + 0.5)
        case "half_even":
            return round(value)


def letterbox_size(width: int, height: int, step: Letterbox) -> tuple[int, int]:
    """Width and height of the picture inside the letterbox; at least 1 x 1."""
    ratio = min(step.width / width, step.height / height)
    if not step.upscale:
        ratio = min(ratio, 1.0)
    return max(1, round_size(width * ratio, step.rounding)), max(1, round_size(height * ratio, step.rounding))


def short_side_size(width: int, height: int, step: ResizeShort) -> tuple[int, int]:
    """Width and height after `resize_short`, at least 1 x 1; rounded twice where the limit binds (torchvision)."""
    short, long = min(width, height), max(width, height)
    target = step.length
    other = round_size(target * long / short, step.rounding)
    if step.limit is not None and other > step.limit:
        target, other = round_size(step.limit * target / other, step.rounding), step.limit
    target, other = max(1, target), max(1, other)
    return (target, other) if width <= height else (other, target)


def anchor_offset(space: int, anchor: Anchor) -> int:
    """Pixels before the picture when `space` pixels are left over."""
    return space // 2 if anchor == "center" else 0


def crop_offset(size: int, crop: int, step: Crop) -> int:
    """First source pixel of a crop along one axis; negative where the image is smaller than the crop.

    Centred offsets are those of torchvision's center_crop: rounded when cutting, halved downwards when padding.
    """
    if size < crop:
        return -anchor_offset(crop - size, step.anchor)
    return round_size((size - crop) / 2, step.rounding) if step.anchor == "center" else 0


def resampled_size(width: int, height: int, step: GeometricStep) -> tuple[int, int] | None:
    """Width and height to which `step` resizes an image, before it pads; None for steps that do not resize."""
    match step:
        case Resize():
            return step.width, step.height
        case ResizeShort():
            return short_side_size(width, height, step)
        case Letterbox():
            return letterbox_size(width, height, step)
        case _:
            return None


def decode_scale(width: int, height: int, target: tuple[int, int]) -> int:
    """Largest of 8, 4, 2 and 1 by which an image can be made smaller and still be at least as large as `target`."""
    fits = min(width // target[0], height // target[1])
    return next((scale for scale in (8, 4, 2) if fits >= scale), 1)
