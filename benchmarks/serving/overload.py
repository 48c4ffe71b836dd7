"""Arrivals that wait for nobody: the tail close to saturation, and what becomes of twice as many as can be served."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.serving.candidates import satchel
from benchmarks.serving.figures import Table, over
from benchmarks.serving.ground import Ground
from benchmarks.serving.loading import arriving, ask_in_turn, crowd
from benchmarks.serving.matrix import CALLERS, spread
from benchmarks.serving.pictures import Picture, pictures
from benchmarks.serving.server import Server, running
from inference_core.bench.load import HttpTarget, Report

_SHARE = 0.8
_EXCESS = 2.0
_QUEUES = {"the default queue": {}, "a queue of 2": {"queue_size": "2"}}
_HUNG = "timeout"
_LOST = ("refused", "reset", "malformed", "no answer")
_REFUSED = "429"
_NEAR = ("model", "saturation, requests/s", "p50 ms at 80 %", "p99 ms", "p99 / p50", "failed")
_BEYOND = (
    *("model", "queue", "unloaded p99 ms", "accepted p99 ms", "times", "accepted/s", "429", "hung", "lost", "other"),
)


def saturation(ground: Ground) -> list[Table]:
    """Latency at 80 % of what sixteen callers get."""
    table = Table("at 80 % of saturation, Poisson arrivals", _NEAR)
    for model in ground.models:
        with _serving(ground, model, {}) as (server, picture):
            target, rates, reports = server.target(model, [picture]), [], []
            for _ in range(ground.plan.rounds):
                rates.append(crowd(target, CALLERS, ground.plan.seconds).throughput)
                reports.append(arriving(target, _SHARE * median(rates), ground.plan.long))
        p50, p99 = spread(reports, 50), spread(reports, 99)
        ratio = over([report.percentile(99) / report.percentile(50) for report in reports])
        failed = sum(report.failed for report in reports)
        table.add(
            (model, over(rates), p50, p99, ratio, failed),
            model=model,
            saturation=over(rates),
            p50_ms=p50,
            p99_ms=p99,
            ratio=ratio,
            failed=failed,
        )
    return [table]


def overload(ground: Ground) -> list[Table]:
    """Twice the saturation: how the accepted fare, and what becomes of the others."""
    table = Table("twice the saturation, Poisson arrivals", _BEYOND)
    for model in ground.models:
        for queue, settings in _QUEUES.items():
            with _serving(ground, model, settings) as (server, picture):
                target = server.target(model, [picture])
                unloaded, reports = _rounds(ground, target)
            _add(table, model, queue, unloaded, reports)
    return [table]


def _rounds(ground: Ground, target: HttpTarget) -> tuple[list[Report], list[Report]]:
    """One caller alone, and the overload, in each round."""
    rate = median([crowd(target, CALLERS, ground.plan.seconds).throughput for _ in range(3)])
    unloaded, reports = [], []
    for _ in range(ground.plan.rounds):
        unloaded.append(ask_in_turn(target, ground.plan.requests))
        reports.append(arriving(target, _EXCESS * rate, ground.plan.long))
    return unloaded, reports


def _add(table: Table, model: str, queue: str, unloaded: list[Report], reports: list[Report]) -> None:
    whole = Report.of(reports)
    counts = dict(whole.statuses)
    sent = len(whole.samples)
    refused, hung = counts.pop(_REFUSED, 0), counts.pop(_HUNG, 0)
    lost = sum(counts.pop(cause, 0) for cause in _LOST)
    other = sent - len(whole.latencies) - refused - hung - lost
    quiet, busy = spread(unloaded, 99), spread(reports, 99)
    ratio = over([high.percentile(99) / low.percentile(99) for low, high in zip(unloaded, reports, strict=True)])
    rate = over([report.throughput for report in reports])
    table.add(
        (model, queue, quiet, busy, ratio, rate, f"{refused / sent:.0%}", hung, lost, other),
        model=model,
        queue=queue,
        unloaded_p99_ms=quiet,
        accepted_p99_ms=busy,
        ratio=ratio,
        accepted_per_second=rate,
        sent=sent,
        refused=refused,
        hung=hung,
        lost=lost,
        other=other,
    )


@contextmanager
def _serving(ground: Ground, model: str, settings: dict[str, str]) -> Iterator[tuple[Server, Picture]]:
    """Satchel with this one model, and the picture to ask about."""
    [picture, *_] = pictures(ground.assets)
    candidate = satchel("Satchel alone", ground.plain(model), "as it comes", **settings)
    with running(candidate, ground.folder / "logs") as server:
        server.wait([model], picture)
        yield server, picture
