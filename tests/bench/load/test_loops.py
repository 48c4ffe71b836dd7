"""Callers who wait, and arrivals that do not."""

import asyncio
import time

import pytest

from inference_core.bench.load import Constant, Reply, run_closed, run_open
from tests.bench.load.fake import Scripted

GOOD = Reply(200, 2)


class Crowd:
    """Counts who is inside; every call takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.inside: list[int] = []
        self.indices: list[int] = []
        self._now = 0

    async def call(self, index: int) -> Reply:
        self.indices.append(index)
        self._now += 1
        self.inside.append(self._now)
        await asyncio.sleep(self.seconds)
        self._now -= 1
        return GOOD


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_a_closed_loop_has_exactly_its_callers_under_way(concurrency: int) -> None:
    crowd = Crowd(0.005)
    report = asyncio.run(run_closed(Scripted(crowd.call), concurrency, requests=40))
    assert crowd.inside[:concurrency] == list(range(1, concurrency + 1))
    assert set(crowd.inside[concurrency:]) == {concurrency}  # whoever leaves is followed at once
    assert sorted(crowd.indices) == sorted(sample.index for sample in report.samples) == list(range(40))
    assert report.statuses == {"200": 40}
    assert 40 / concurrency * 0.005 <= report.wall + 0.002


def test_a_closed_loop_by_time_waits_for_what_is_under_way() -> None:
    crowd = Crowd(0.05)
    report = asyncio.run(run_closed(Scripted(crowd.call), 2, seconds=0.12))
    assert 2 <= len(report.samples) <= 6
    assert all(sample.intended < 0.12 for sample in report.samples)
    assert report.wall >= max(sample.intended for sample in report.samples) + 0.049


def test_warming_up_does_not_count() -> None:
    crowd = Crowd(0.0)
    report = asyncio.run(run_closed(Scripted(crowd.call), 2, requests=3, warm_up=5))
    assert (len(crowd.indices), len(report.samples)) == (8, 3)
    report = asyncio.run(run_open(Scripted(crowd.call), 100, 0.05, Constant(), warm_up=4))
    assert (len(crowd.indices), len(report.samples)) == (8 + 9, 5)


def test_each_latency_is_that_of_its_request() -> None:
    async def call(index: int) -> Reply:
        await asyncio.sleep(0.03 * (6 - index))
        return GOOD

    report = asyncio.run(run_closed(Scripted(call), 1, requests=6))
    for sample in report.samples:
        assert -0.002 < sample.latency - 0.03 * (6 - sample.index) < 1  # however busy the machine is
    assert report.latencies == tuple(sorted(sample.latency for sample in report.samples))
    assert report.mean >= 0.103
    assert report.lag < 0.005


async def _stalled(index: int) -> Reply:
    """A server that handles one at a time and stands still for 0.3 s at the third."""
    await asyncio.sleep(0.3 if index == 2 else 0.001)
    return GOOD


def test_an_open_loop_blames_a_stall_on_all_who_came_meanwhile() -> None:
    """With one under way at a time: 100 a second for half a second, of which 0.3 s pass in one request."""
    loop = asyncio.run(run_open(Scripted(_stalled), 100, 0.5, Constant(), outstanding=1))
    assert len(loop.samples) == 50
    by_index = sorted(loop.samples, key=lambda sample: sample.index)
    for index in (3, 10, 20):
        assert by_index[index].latency >= 0.32 - index * 0.01  # the stall ends 0.32 s after the start, or later
        assert by_index[index].intended == index / 100
    assert sum(latency > 0.1 for latency in loop.latencies) >= 20
    assert loop.lag > 0.05

    closed = asyncio.run(run_closed(Scripted(_stalled), 1, requests=50))
    assert sum(latency > 0.1 for latency in closed.latencies) < 10  # the same stall, but nobody was sent meanwhile
    assert closed.percentile(100) >= 0.3


def test_an_open_loop_without_a_limit_sends_on_while_the_server_stalls() -> None:
    crowd = Crowd(1.0)
    report = asyncio.run(run_open(Scripted(crowd.call), 200, 0.1, Constant()))
    assert max(crowd.inside) == 20
    assert report.percentile(0) > 0.99
    assert report.wall < 10  # not 20 times 1


def test_an_open_loop_has_no_more_under_way_than_it_may() -> None:
    crowd = Crowd(0.02)
    report = asyncio.run(run_open(Scripted(crowd.call), 500, 0.1, Constant(), outstanding=3))
    assert max(crowd.inside) == 3
    assert len(report.samples) == 50


def test_arrivals_leave_on_time() -> None:
    report = asyncio.run(run_open(Scripted(Crowd(0.0).call), 200, 0.5, Constant()))
    late = sorted((sample.sent or 0) - sample.intended for sample in report.samples)
    assert late[0] >= 0
    assert late[len(late) // 2] < 0.1


class Burst:
    """Three at once."""

    def times(self, rate: float, seconds: float) -> list[float]:
        return [0.0, 0.0, 0.0]


async def _hung(index: int) -> Reply:
    await asyncio.Event().wait()
    return GOOD


def test_a_hung_server_ends_with_the_timeout() -> None:
    closed = asyncio.run(run_closed(Scripted(_hung), 8, requests=16, timeout=0.2))
    assert closed.statuses == {"timeout": 16}
    assert 0.39 < closed.wall < 2  # two after each other, not sixteen
    bounded = asyncio.run(run_open(Scripted(_hung), 100, 0.3, Constant(), outstanding=1, timeout=0.1))
    assert bounded.statuses == {"timeout": 30}
    assert 0.38 < bounded.wall < 2.5  # not 30 times 0.1
    burst = asyncio.run(run_open(Scripted(_hung), 1, 1, Burst(), outstanding=1, timeout=1))
    assert [sample.error for sample in burst.samples] == [None, "never sent", "never sent"]
    assert [sample.sent is None for sample in burst.samples] == [False, True, True]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionRefusedError("nobody"), "refused"),
        (ConnectionResetError("gone"), "reset"),
        (BrokenPipeError("gone"), "reset"),
        (OSError(24, "Too many open files"), "no answer"),
        (TimeoutError(), "timeout"),
    ],
)
def test_what_does_not_come_back_is_counted_by_its_cause(error: OSError, outcome: str) -> None:
    async def call(index: int) -> Reply:
        if index % 2:
            raise error
        return Reply(503, 0, error="busy") if index == 4 else GOOD

    report = asyncio.run(run_closed(Scripted(call), 2, requests=10))
    assert report.statuses == {outcome: 5, "200": 4, "503": 1}
    assert report.error_rate == 0.6


def test_a_defect_of_a_target_ends_the_run() -> None:
    async def call(index: int) -> Reply:
        raise KeyError(index)

    for run in (run_closed(Scripted(call), 2, requests=4), run_open(Scripted(call), 100, 0.1)):
        with pytest.raises(ExceptionGroup) as caught:
            asyncio.run(run)
        assert caught.group_contains(KeyError)


def test_the_generators_own_time_is_measured() -> None:
    async def call(index: int) -> Reply:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
        await asyncio.sleep(0.02)
        return GOOD

    report = asyncio.run(run_closed(Scripted(call), 1, requests=5))
    assert report.cpu == pytest.approx(0.1, abs=0.05)
    assert report.wall > 0.19
