"""When requests arrive."""

import statistics
from itertools import pairwise

import pytest

from inference_core.bench.load import Constant, Poisson


def test_constant_arrivals_have_equal_gaps_and_end_before_the_time_is_over() -> None:
    assert Constant().times(4, 1.5) == [0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_poisson_arrivals_have_exponential_gaps() -> None:
    times = Poisson(3).times(50, 400)
    gaps = [after - before for before, after in pairwise(times)]
    assert times == sorted(times)
    assert times[-1] < 400
    assert len(times) == pytest.approx(20_000, rel=0.03)
    assert statistics.mean(gaps) == pytest.approx(0.02, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(0.02, rel=0.05)  # as large as the mean: that is what bunches them
    assert sum(gap > 0.06 for gap in gaps) / len(gaps) == pytest.approx(0.0498, abs=0.006)  # e to the power of -3


def test_a_seed_gives_its_arrivals_again() -> None:
    assert Poisson(1).times(10, 10) == Poisson(1).times(10, 10)
    assert Poisson(1).times(10, 10) != Poisson(2).times(10, 10)
