"""Poses from heat maps: the reference implementations."""

from dataclasses import replace

import numpy as np

from inference_core.bundle.heads import HeatMaps
from inference_core.imaging.geometry import Geometry
from inference_core.tasks.boxes import clip_to_image, to_original
from inference_core.tasks.states import Doubles, Integers, Poses, Singles, Tensors, misfit


def read_heat_maps(step: HeatMaps, tensors: Tensors) -> Poses:
    """The one pose [1, J, 3], each keypoint at the peak of its map; its class is the first."""
    raw = tensors.output(step.output)
    if raw.ndim != 3 or 0 in raw.shape:
        axes = "[keypoints, height, width]" if step.layout == "CHW" else "[height, width, keypoints]"
        raise misfit("the heat map output", raw, axes)
    maps = raw if step.layout == "CHW" else raw.transpose(2, 0, 1)
    count, height, width = maps.shape
    rows, columns = np.divmod(maps.reshape(count, -1).argmax(axis=1), width)
    cells = np.stack([columns, rows], axis=1)
    moved = cells + 0.5 + (_quarters(maps, cells) if step.refine == "quarter" else 0.0)
    places = moved * np.array([tensors.input_width, tensors.input_height]) / np.array([width, height])
    score = maps[np.arange(count), rows, columns].clip(0, 1)
    keypoints = np.concatenate([places, score[:, None]], axis=1).astype(np.float32)
    return Poses(keypoints[None], score.mean(dtype=np.float64, keepdims=True).astype(np.float32), np.zeros(1, np.int64))


def _quarters(maps: Singles, cells: Integers) -> Doubles:
    """Shifts [J, 2] of the peaks in `cells` [J, 2] (x, y): none where a neighbour is missing or both are equal."""
    last = np.array(maps.shape[:0:-1]) - 1
    inside = (cells > 0) & (cells < last)
    after, before = np.minimum(cells + 1, last), np.maximum(cells - 1, 0)
    which, (x, y) = np.arange(len(maps)), cells.T
    higher = np.stack([maps[which, y, after[:, 0]], maps[which, after[:, 1], x]], axis=1)
    lower = np.stack([maps[which, y, before[:, 0]], maps[which, before[:, 1], x]], axis=1)
    return np.asarray(0.25 * inside * np.sign(higher.astype(np.float64) - lower))


def restore_poses(found: Poses, geometry: Geometry) -> Poses:
    """Maps keypoints to pixels of the upright original; those outside of it are moved to its edge."""
    places = clip_to_image(to_original(found.keypoints[..., :2], geometry), geometry)
    return replace(found, keypoints=np.concatenate([places, found.keypoints[..., 2:]], axis=-1))
