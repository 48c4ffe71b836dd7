"""Where the rows of a detector's head lie in the input: cells of feature maps, and anchors around them."""

import math
from functools import lru_cache

import numpy as np

from inference_core.bundle.heads import AnchorLevel
from inference_core.tasks.states import Doubles

_FORGIVEN = 1e-4
"""Of a cell: 300 pixels at a stride written as 42.857 are 7 cells, although the quotient is a little more."""


def count_cells(size: int, stride: float) -> int:
    """Cells along a side of `size` pixels: one that is cut off counts, but for what rounding of the stride leaves."""
    return math.ceil(size / stride - _FORGIVEN)


@lru_cache(maxsize=32)
def cells(width: int, height: int, strides: tuple[float, ...]) -> tuple[Doubles, Doubles]:
    """Column and row [A, 2] of every cell in its map, and its stride [A, 1]: row by row, stride by stride."""
    places, sizes = [], []
    for stride in strides:
        y, x = np.mgrid[0 : count_cells(height, stride), 0 : count_cells(width, stride)]
        places.append(np.stack([x.ravel(), y.ravel()], axis=1))
        sizes.append(np.full((x.size, 1), stride))
    return np.concatenate(places).astype(np.float64), np.concatenate(sizes).astype(np.float64)


@lru_cache(maxsize=32)
def anchors(width: int, height: int, levels: tuple[AnchorLevel, ...]) -> tuple[Doubles, Doubles]:
    """Centres [A, 2] and sizes [A, 2] in input pixels: level by level, row by row, the anchors of a cell together."""
    centers, sizes = [], []
    for level in levels:
        places, _ = cells(width, height, (level.stride,))
        centers.append(np.repeat((places + level.offset) * level.stride, len(level.sizes), axis=0))
        sizes.append(np.tile(np.array(level.sizes, np.float64), (len(places), 1)))
    return np.concatenate(centers), np.concatenate(sizes)
