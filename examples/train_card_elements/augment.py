"""Random training views: a piece of a picture at a random scale on a square canvas."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image

from labels import ALL_BITS, CHECKBOX, IGNORED, RADIO, ByteArray, Labels

PADDING = 114
"""Grey value of the canvas around the picture, as at inference."""
SMALLEST = 5.0
"""Objects that end up thinner than this many pixels are ignored instead of learnt."""


def view(image: Image.Image, labels: Labels, size: int, full: int, rng: random.Random) -> tuple[ByteArray, Labels]:
    """A random `size` x `size` view (uint8 RGB [size, size, 3]) with its labels.

    `full` is the side of the canvas at inference: the scale is varied around the one at which
    the whole picture would be laid on a canvas of that side.
    """
    ratio = min(full / image.width, full / image.height)
    ratio *= math.exp(rng.uniform(math.log(0.7), math.log(1.6)))
    ratio = min(ratio, 3.0)
    wide, high = max(1, int(image.width * ratio)), max(1, int(image.height * ratio))
    left = rng.uniform(0, max(0, wide - size)) / ratio
    top = rng.uniform(0, max(0, high - size)) / ratio
    out = (min(size, wide), min(size, high))
    source = (
        left,
        top,
        min(image.width, left + out[0] / ratio),
        min(image.height, top + out[1] / ratio),
    )
    part = image.resize(out, Image.Resampling.BILINEAR, box=source)
    dx = rng.randint(0, size - out[0]) if rng.random() < 0.4 else 0
    dy = rng.randint(0, size - out[1]) if rng.random() < 0.4 else 0
    canvas = np.full((size, size, 3), PADDING, np.uint8)
    pixels = _colours(_damage(part, rng), rng)
    canvas[dy : dy + out[1], dx : dx + out[0]] = pixels
    boxes = labels.boxes * ratio - np.array([left, top] * 2, np.float32) * ratio
    moved = Labels(boxes, labels.classes, labels.masks, labels.known)
    return canvas, _shifted(_clipped(moved, out), dx, dy)


def _clipped(labels: Labels, out: tuple[int, int]) -> Labels:
    """Labels cut to a view of `out` (width, height) pixels.

    An object of which too much is cut off, or a control whose sign (at its left) is, becomes an
    ignored region."""
    limit = np.array([*out, *out], np.float32)
    boxes = np.clip(labels.boxes, 0, limit)
    sizes = labels.boxes[:, 2:] - labels.boxes[:, :2]
    rest = boxes[:, 2:] - boxes[:, :2]
    shown = rest.prod(1) / np.maximum(sizes.prod(1), 1e-6)
    classes, masks = labels.classes.copy(), labels.masks.copy()
    control = (classes == RADIO) | (classes == CHECKBOX)
    headless = control & (labels.boxes[:, 0] < -0.15 * sizes[:, 1])
    need = np.where(classes == 0, 0.3, 0.5)
    doubtful = (classes != IGNORED) & ((shown < need) | headless | (rest.min(1) < SMALLEST))
    doubtful |= (classes != IGNORED) & (rest[:, 1] < 0.55 * sizes[:, 1])
    classes[doubtful], masks[doubtful] = IGNORED, ALL_BITS
    kept = (rest > 1).all(1)
    return Labels(boxes[kept], classes[kept], masks[kept], labels.known)


def _shifted(labels: Labels, dx: int, dy: int) -> Labels:
    moved = labels.boxes + np.array([dx, dy, dx, dy], np.float32)
    return Labels(moved, labels.classes, labels.masks, labels.known)


def _damage(image: Image.Image, rng: random.Random) -> Image.Image:
    """At times a coarser resolution or JPEG blocks."""
    if rng.random() < 0.15:
        share = rng.uniform(0.45, 0.85)
        small = (max(1, int(image.width * share)), max(1, int(image.height * share)))
        coarse = image.resize(small, Image.Resampling.BILINEAR)
        image = coarse.resize(image.size, Image.Resampling.BILINEAR)
    if rng.random() < 0.08:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(30, 80))
        image = Image.open(buffer).convert("RGB")
    return image


def _colours(image: Image.Image, rng: random.Random) -> ByteArray:
    """At times other colours: order of channels, grey, inversion, contrast and brightness.

    All are maps of single values, so they are done with one table per channel."""
    pixels = np.asarray(image)
    if rng.random() < 0.1:
        grey = np.asarray(image.convert("L"))
        pixels = np.repeat(grey[:, :, None], 3, axis=2)
    elif rng.random() < 0.2:
        pixels = pixels[:, :, rng.sample(range(3), 3)]
    if rng.random() < 0.5:
        return pixels
    levels = np.arange(256, dtype=np.float32) / 255
    if rng.random() < 0.2:
        levels = 1 - levels
    levels = levels ** rng.uniform(0.6, 1.6)
    contrast, shift = rng.uniform(0.6, 1.15), rng.uniform(-0.12, 0.12)
    result = np.empty(pixels.shape, np.uint8)
    for channel in range(3):
        tone = rng.uniform(-0.05, 0.05)
        table = ((levels - 0.5) * contrast + 0.5 + shift + tone).clip(0, 1) * 255
        result[:, :, channel] = table.astype(np.uint8)[pixels[:, :, channel]]
    return result
