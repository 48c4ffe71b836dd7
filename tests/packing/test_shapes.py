"""Axes of tensors."""

import pytest

from inference_core.packing.shapes import common_sizes, name_axes


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [([(1, 3, 4)], [1, 3, 4]), ([(1, 3, 4), (1, 5, 4), (1, 3, 4)], [1, None, 4]), ([(), ()], [])],
)
def test_sizes_that_differ_are_open(shapes: list[tuple[int, ...]], expected: list[int | None]) -> None:
    assert common_sizes(shapes) == expected


def test_shapes_of_several_ranks_have_nothing_in_common() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        common_sizes([(1,), (1, 2)])


@pytest.mark.parametrize(
    ("sizes", "batch", "expected"),
    [
        ([None, None, 3], True, ["batch", "x_axis1", 3]),
        ([None, None, 3], False, ["x_axis0", "x_axis1", 3]),
        ([1, None], True, [1, "x_axis1"]),
        ([], True, []),
    ],
)
def test_open_axes_have_names(sizes: list[int | None], batch: bool, expected: list[int | str]) -> None:
    assert name_axes("x", sizes, batch=batch) == expected
