"""Geometry: input = original * scale + offset, through any chain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_core.imaging import Geometry

FACTOR = st.floats(0.01, 100)
SHIFT = st.integers(-1000, 1000)
STEP = st.tuples(st.just("scaled"), FACTOR, FACTOR) | st.tuples(st.just("shifted"), SHIFT, SHIFT)


def test_scaling_also_scales_what_was_shifted_before() -> None:
    geometry = Geometry(100, 50).shifted(3, -4).scaled(2, 0.5).shifted(1, 1)
    assert geometry == Geometry(100, 50, 2.0, 0.5, 7.0, -1.0)


@given(st.lists(STEP, max_size=6), st.floats(0, 5000), st.floats(0, 5000))
def test_a_point_taken_through_the_steps_comes_back(chain: list[tuple[str, float, float]], x: float, y: float) -> None:
    geometry, at_x, at_y = Geometry(5000, 5000), x, y
    for kind, dx, dy in chain:
        geometry = getattr(geometry, kind)(dx, dy)
        at_x, at_y = (at_x * dx, at_y * dy) if kind == "scaled" else (at_x + dx, at_y + dy)
    assert x * geometry.scale_x + geometry.offset_x == pytest.approx(at_x, rel=1e-9, abs=1e-6)
    assert y * geometry.scale_y + geometry.offset_y == pytest.approx(at_y, rel=1e-9, abs=1e-6)
    assert (geometry.width, geometry.height) == (5000, 5000)
