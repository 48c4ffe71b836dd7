"""Poses from heat maps, against slow, plain loops."""

from typing import Any

import numpy as np
import pytest

from inference_core.bundle.heads import HeatMaps
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks.heat_maps import read_heat_maps, restore_poses
from inference_core.tasks.states import Poses, Tensors

PLAIN = Geometry(32, 32)


def read(maps: Any, width: int = 32, height: int = 64, **options: Any) -> Poses:
    return read_heat_maps(HeatMaps(**options), Tensors({"out": np.asarray(maps, np.float32)}, width, height, PLAIN))


def peaks(*places: tuple[int, int, float], width: int = 8, height: int = 16) -> np.ndarray:
    """A map for each (x, y, level)."""
    maps = np.zeros((len(places), height, width), np.float32)
    for number, (x, y, level) in enumerate(places):
        maps[number, y, x] = level
    return maps


def test_a_peak_lies_at_the_centre_of_its_cell() -> None:
    found = read(peaks((0, 0, 0.5), (7, 15, 0.25), (2, 5, 1)))
    assert found.keypoints.tolist() == [[[2, 2, 0.5], [30, 62, 0.25], [10, 22, 1]]]
    assert (found.score.tolist(), found.index.tolist()) == ([np.float32(1.75 / 3)], [0])
    assert found.keypoints.dtype == found.score.dtype == np.float32


def test_the_axes_of_the_output_may_be_in_another_order() -> None:
    maps = np.random.default_rng(0).random((5, 16, 8)).astype(np.float32)
    one, other = read(maps, refine="quarter"), read(maps.transpose(1, 2, 0), layout="HWC", refine="quarter")
    assert np.array_equal(one.keypoints, other.keypoints)


def test_of_equal_peaks_the_first_counts_row_by_row() -> None:
    maps = peaks((5, 3, 0.5))
    maps[0, 4, 1] = maps[0, 3, 6] = 0.5
    assert read(maps).keypoints[0, 0, :2].tolist() == [22, 14]


def test_a_level_outside_of_0_to_1_is_clipped() -> None:
    maps = np.concatenate([peaks((1, 1, 7)), np.full((1, 16, 8), -3)])
    found = read(maps)
    assert found.keypoints[0, :, 2].tolist() == [1, 0]
    assert found.score.tolist() == [0.5]


def slow_quarter(one: list[list[float]], x: int, y: int) -> tuple[float, float]:
    dx = dy = 0.0
    if 0 < x < len(one[0]) - 1 and one[y][x - 1] != one[y][x + 1]:
        dx = 0.25 if one[y][x + 1] > one[y][x - 1] else -0.25
    if 0 < y < len(one) - 1 and one[y - 1][x] != one[y + 1][x]:
        dy = 0.25 if one[y + 1][x] > one[y - 1][x] else -0.25
    return dx, dy


@pytest.mark.parametrize("shape", [(40, 5, 4), (40, 1, 1), (40, 1, 7), (40, 3, 2)])
def test_a_quarter_goes_towards_the_higher_neighbour(shape: tuple[int, int, int]) -> None:
    """Few levels and small maps: equal neighbours, and peaks at every edge."""
    maps = np.random.default_rng(3).integers(0, 4, shape) / 4
    found = read(maps, 48, 24, refine="quarter").keypoints[0]
    for one, (x, y, score) in zip(maps, found.tolist(), strict=True):
        row, column = divmod(int(one.argmax()), shape[2])
        dx, dy = slow_quarter(one.tolist(), column, row)
        assert x == np.float32((column + 0.5 + dx) * 48 / shape[2])
        assert y == np.float32((row + 0.5 + dy) * 24 / shape[1])
        assert score == one.max()


@pytest.mark.parametrize(
    ("layout", "axes"), [("CHW", "[keypoints, height, width]"), ("HWC", "[height, width, keypoints]")]
)
@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (1, 4, 4, 4)])
def test_heat_maps_of_another_shape_are_refused(layout: str, axes: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="the heat map output does not have the shape") as caught:
        read(np.zeros(shape), layout=layout)
    assert (caught.value.got, caught.value.expected) == (f"{list(shape)} for one image", axes)


def test_keypoints_are_mapped_back_and_clipped() -> None:
    found = read(peaks((0, 0, 0.5), (7, 15, 0.25), (2, 5, 1)))
    restored = restore_poses(found, Geometry(20, 100, 2.0, 0.5, 4.0, 1.0))
    assert restored.keypoints.tolist() == [[[0, 2, 0.5], [13, 100, 0.25], [3, 42, 1]]]
    assert restored.keypoints.dtype == np.float64
    assert restored.score is found.score
