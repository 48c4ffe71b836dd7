"""Cells of feature maps."""

import pytest

from inference_core.tasks.grid import cells, count_cells


@pytest.mark.parametrize(
    ("size", "stride", "count"),
    [
        (32, 8, 4),
        (33, 8, 5),
        (300, 300 / 7, 7),
        (300, 42.857, 7),
        (300, 8, 38),
        (300, 300, 1),
        (1, 64, 1),
        (417, 32, 14),
    ],
)
def test_a_cell_that_is_cut_off_counts_but_no_rounding_error(size: int, stride: float, count: int) -> None:
    assert count_cells(size, stride) == count


def test_cells_run_row_by_row_and_stride_by_stride() -> None:
    places, strides = cells(48, 32, (16, 32))
    assert places.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1], [0, 0], [1, 0]]
    assert strides.ravel().tolist() == [16] * 6 + [32] * 2
