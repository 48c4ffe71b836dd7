"""Masks as run lengths, in the form of COCO: compact, and read by pycocotools as they are.

Runs of 0 and 1 alternate, column by column, a run of 0 first. Source: maskApi.c of the repository cocodataset/cocoapi.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Runs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rle:
    """The mask of one object over the whole image."""

    size: tuple[int, int]
    """Height and width, pixels."""
    counts: str
    """The run lengths as COCO writes them; see `compress`."""


def encode(region: Bools, top: int, left: int, size: tuple[int, int]) -> Rle:
    """The mask that is `region` [m, n] at row `top` and column `left`, and 0 elsewhere.

    Args:
        region: lies inside of the image.
        top: its first row in the image.
        left: its first column in the image.
        size: height and width of the image.
    """
    padded = np.zeros((region.shape[1], region.shape[0] + 2), np.int8)  # a column a row, so that runs lie in order
    padded[:, 1:-1] = region.T
    change = np.diff(padded, axis=1)
    starts, ends = (_places(change == sign, top, left, size[0]) for sign in (1, -1))
    apart = starts[1:] != ends[:-1]  # else a run goes on from the foot of a column to the head of the next
    starts, ends = starts[np.r_[True, apart][: len(starts)]], ends[np.r_[apart, True][: len(ends)]]
    area = size[0] * size[1]
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [area]])
    runs = np.diff(edges)
    return Rle(size, compress(runs[:-1] if len(runs) > 1 and runs[-1] == 0 else runs))


def _places(marks: Bools, top: int, left: int, height: int) -> Runs:
    """Places of `marks` [columns, rows] in the image, counted column by column."""
    columns, rows = np.nonzero(marks)
    return (columns + left) * height + rows + top


def decode(mask: Rle) -> Bools:
    """The mask [height, width]."""
    height, width = mask.size
    runs = decompress(mask.counts)
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def compress(runs: Runs) -> str:
    """Run lengths as text: from the fourth on the difference to the last run of its kind, in groups of five bits, low
    ones first; bit 5 says that more follow, 48 makes it ASCII."""
    rest = runs.astype(np.int64)
    rest[3:] -= runs[1:-2]
    open_, groups = np.ones(len(runs), bool), []
    while open_.any():
        bits = rest & 31
        rest = rest >> 5
        more = np.where(bits & 16, rest != -1, rest != 0)
        groups.append(np.where(open_, bits + 32 * more + 48, 0))
        open_ &= more
    codes = np.stack(groups, axis=1).astype(np.uint8)
    return codes[codes > 0].tobytes().decode("ascii")


def decompress(counts: str) -> Runs:
    """The run lengths that `compress` wrote."""
    runs: list[int] = []
    value = shift = 0
    for code in (ord(letter) - 48 for letter in counts):
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            value -= (code & 16) << (shift - 4)  # the highest bit is the sign
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return np.array(runs, np.int64)
