"""Masks of detections: the reference implementations."""

import numpy as np

from inference_core.bundle.heads import Masks
from inference_core.imaging.geometry import Geometry
from inference_core.tasks.activation import ACTIVATIONS
from inference_core.tasks.boxes import clip_to_image, restore_boxes, to_original
from inference_core.tasks.rle import Bools, Rle, encode
from inference_core.tasks.states import Detections, Doubles, MaskedDetections, RestoredMasks, Singles, Tensors, misfit

_STRIP = 64
"""Columns of the picture that are sampled at once, so that few of its float64 values are held."""


def read_masks(step: Masks, found: Detections, tensors: Tensors) -> MaskedDetections:
    """Picks the mask of each detection, and of its channels the one of its class."""
    raw = tensors.output(step.output)
    if raw.ndim not in (3, 4) or 0 in raw.shape[1:]:
        raise misfit("the masks output", raw, "[rows, height, width] or [rows, classes, height, width]")
    if found.rows.size and found.rows.max() >= len(raw):
        raise misfit("the masks output", raw, f"at least {found.rows.max() + 1} rows, a mask for each box")
    maps = raw[found.rows] if raw.ndim == 3 else _of_class(raw, found)
    return MaskedDetections(found, ACTIVATIONS[step.activation](maps).astype(np.float32), step.threshold)


def _of_class(raw: Singles, found: Detections) -> Singles:
    """[K, h, w] of [A, C, h, w]."""
    if raw.shape[1] == 1:
        return np.asarray(raw[found.rows, 0])
    if found.index.size and found.index.max() >= raw.shape[1]:
        raise misfit("the masks output", raw, f"one channel, or at least {found.index.max() + 1}, one for each class")
    return np.asarray(raw[found.rows, found.index])


def restore_masks(masked: MaskedDetections, geometry: Geometry) -> RestoredMasks:
    """Pastes each mask into its box in the upright original."""
    corners = to_original(masked.found.boxes.reshape(-1, 2, 2), geometry)
    pasted = (_paste(*pair, masked.threshold, geometry) for pair in zip(masked.masks, corners, strict=True))
    return RestoredMasks(restore_boxes(masked.found, geometry), tuple(pasted))


def _paste(mask: Singles, corners: Doubles, threshold: float, geometry: Geometry) -> Rle:
    """The mask [h, w] that spans the box `corners` [2, 2] (x, y), at the centre of each pixel inside of both."""
    (left, top), (right, bottom) = np.ceil(clip_to_image(corners, geometry) - 0.5).astype(int).tolist()
    size = (geometry.height, geometry.width)
    if right <= left or bottom <= top:
        return encode(np.zeros((0, 0), bool), 0, 0, size)
    (x1, y1), (x2, y2) = corners.tolist()
    columns = (np.arange(left, right) + 0.5 - x1) / (x2 - x1) * mask.shape[1] - 0.5
    rows = (np.arange(top, bottom) + 0.5 - y1) / (y2 - y1) * mask.shape[0] - 0.5
    return encode(_sample(mask, rows, columns, threshold), top, left, size)


def _sample(mask: Singles, rows: Doubles, columns: Doubles, threshold: float) -> Bools:
    """Where the mask reaches `threshold`: bilinear in float64, first along the rows; 0 lies around it."""
    padded = np.pad(mask.astype(np.float64), 1)
    x, y = np.floor(columns), np.floor(rows)
    i, j, u, v = x.astype(int) + 1, y.astype(int) + 1, columns - x, (rows - y)[:, None]
    along = padded[:, i] * (1 - u) + padded[:, i + 1] * u
    inside = np.empty((len(rows), len(columns)), bool)
    for start in range(0, len(columns), _STRIP):
        strip = along[:, start : start + _STRIP]
        inside[:, start : start + _STRIP] = strip[j] * (1 - v) + strip[j + 1] * v >= threshold
    return inside
