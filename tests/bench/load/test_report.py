"""Figures that are taken from samples."""

import math
import random

import numpy as np
import pytest

from inference_core.bench.load import Report, Sample


def sample(latency: float, *, outcome: str = "200", ok: bool = True, sent: float | None = 1.0) -> Sample:
    return Sample(0, 1.0, sent, 1.0 + latency, outcome, ok, 10, None)


def report(*samples: Sample, wall: float = 4.0) -> Report:
    return Report(samples, wall, 0.5)


@pytest.mark.parametrize("size", [1, 2, 7, 100, 1001])
def test_percentiles_are_measured_values_by_nearest_rank(size: int) -> None:
    latencies = [random.Random(size + i).random() for i in range(size)]
    measured = report(*map(sample, latencies))
    for share in (0, 1, 50, 90, 95, 99, 99.9, 100):
        expected = np.percentile(np.array(measured.latencies), share, method="inverted_cdf")
        assert measured.percentile(share) == expected, share


def test_percentiles_of_one_to_a_hundred_milliseconds() -> None:
    measured = report(*(sample(ms / 1000) for ms in range(100, 0, -1)))
    found = [round(measured.percentile(share) * 1000, 6) for share in (50, 90, 95, 99, 100)]
    assert found == [50, 90, 95, 99, 100]
    assert measured.mean == pytest.approx(0.0505)


def test_failures_count_but_do_not_make_the_server_look_quick() -> None:
    busy = [sample(0.001, outcome="429", ok=False)] * 3
    measured = report(sample(0.2), *busy, sample(0.4), sample(0.1, outcome="reset", ok=False))
    assert measured.percentile(0) == pytest.approx(0.2)
    assert measured.mean == pytest.approx(0.3)
    assert measured.statuses == {"429": 3, "200": 2, "reset": 1}
    assert measured.failed == 4
    assert measured.error_rate == pytest.approx(4 / 6)
    assert measured.throughput == 0.5


def test_latency_counts_from_the_intended_sending() -> None:
    late = Sample(0, 1.0, 2.5, 3.0, "200", True, 0, None)
    assert late.latency == 2.0
    assert report(late, sample(1.0)).lag == pytest.approx(0.75)
    assert report(late, sample(9.0, ok=False, sent=None)).lag == pytest.approx(1.5)


def test_nothing_good_has_no_latency() -> None:
    for empty in (report(), report(sample(0.1, ok=False))):
        assert empty.error_rate == 1
        assert math.isnan(empty.mean)
        assert math.isnan(empty.percentile(50))
        assert empty.throughput == 0


def test_runs_are_added_up() -> None:
    whole = Report.of([report(sample(0.1), sample(0.3)), report(sample(0.2), wall=2.0)])
    assert whole.latencies == pytest.approx((0.1, 0.2, 0.3))
    assert (whole.wall, whole.cpu, whole.throughput) == (6.0, 1.0, 0.5)
