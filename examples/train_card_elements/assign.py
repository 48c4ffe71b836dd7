"""Which cells have to find which object, chosen by how well they already do.

Task alignment learning: TOOD (Feng et al., 2021, arXiv:2108.07755). A wide line of text covers
many cells but little height, so a plain radius around its centre would often hold no good cell
or only cells of a too coarse level; the alignment measure picks among all cells inside the box.
"""

from __future__ import annotations

import torch
from torch import Tensor

SCORE_POWER, OVERLAP_POWER, MOST = 0.5, 4.0, 10
SMALLEST = 8.5
"""Pixels to which thin boxes are widened so that at least one cell centre lies inside."""


def pair_iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of every pair: [n, 4] and [m, 4] xyxy -> [n, m]."""
    sides = []
    for axis in (0, 1):
        low = torch.maximum(first[:, None, axis], second[None, :, axis])
        high = torch.minimum(first[:, None, axis + 2], second[None, :, axis + 2])
        sides.append((high - low).clamp(min=0))
    shared = sides[0] * sides[1]
    areas = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(-1) for b in (first, second)]
    total: Tensor = areas[0][:, None] + areas[1][None] - shared
    return shared / total.clamp(min=1e-6)


def inside(boxes: Tensor, centres: Tensor, least: float = 0.0) -> Tensor:
    """Whether centre a lies in box n: [n, 4] xyxy, [A, 2] -> bool [n, A].

    Boxes thinner than `least` pixels are widened to it."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp(min=least / 2)
    low, high = middle - half, middle + half
    x, y = centres[None, :, 0], centres[None, :, 1]
    across = (x > low[:, :1]) & (x < high[:, :1])
    return across & (y > low[:, 1:]) & (y < high[:, 1:])


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, centres: Tensor, objects: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Assign cells to objects of one image.

    scores: [A, 6] in 0..1; boxes: [A, 4] xyxy pixels; centres: [A, 2]; objects: [n, 4] xyxy;
    classes: int64 [n], all >= 0. Returns the object of every cell, int64 [A], -1 for none, and
    its target score, float [A], 0 for none.
    """
    count = boxes.shape[0]
    if objects.shape[0] == 0:
        return torch.full((count,), -1), torch.zeros(count)
    within = inside(objects, centres, SMALLEST)
    overlap = pair_iou(objects, boxes) * within
    measure = scores.t()[classes].pow(SCORE_POWER) * overlap.pow(OVERLAP_POWER)
    # The small constant keeps untrained cells eligible while no box overlaps its object yet.
    measure = (measure + 1e-12) * within
    best, cell = measure.topk(min(MOST, count), dim=1)
    chosen = torch.zeros_like(within)
    chosen.scatter_(1, cell, best > 0)
    overlap = torch.where(chosen, overlap, torch.full_like(overlap, -1.0))
    top, owner = overlap.max(0)
    taken = top >= 0
    owner = torch.where(taken, owner, torch.full_like(owner, -1))
    kept = chosen & (torch.arange(objects.shape[0])[:, None] == owner[None])
    measure = measure * kept
    peak = measure.max(1).values.clamp(min=1e-12)
    ceiling = (overlap.clamp(min=0) * kept).max(1).values
    share = (measure / peak[:, None] * ceiling[:, None]).max(0).values
    return owner, share * taken
