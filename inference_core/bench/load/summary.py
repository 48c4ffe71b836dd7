"""Reports for people and programs: a table side by side, JSON, and a line for each request."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isnan

from inference_core.bench.load.report import Report

SHARES = {"median": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
"""The percentiles that are printed."""


def _percentile(share: float) -> Callable[[Report], str]:
    return lambda report: _ms(report.percentile(share))


_ROWS: dict[str, Callable[[Report], str]] = {
    "requests": lambda report: str(len(report.samples)),
    "failed": lambda report: f"{report.failed} ({report.error_rate:.1%})",
    "statuses": lambda report: ", ".join(f"{name}: {count}" for name, count in report.statuses.items()),
    "good answers/s": lambda report: f"{report.throughput:.1f}",
    "total s": lambda report: f"{report.wall:.3f}",
    "mean ms": lambda report: _ms(report.mean),
    **{f"{name} ms": _percentile(share) for name, share in SHARES.items()},
    "sent late ms": lambda report: _ms(report.lag),
    "generator CPU s": lambda report: f"{report.cpu:.3f}",
}


def summarise(report: Report) -> dict[str, object]:
    """Counts, and times in seconds; null where there is no good answer to take them from."""
    return {
        "requests": len(report.samples),
        "failed": report.failed,
        "error_rate": report.error_rate,
        "statuses": report.statuses,
        "throughput": report.throughput,
        "total": report.wall,
        "mean": _number(report.mean),
        **{name: _number(report.percentile(share)) for name, share in SHARES.items()},
        "sent_late": _number(report.lag),
        "generator_cpu": report.cpu,
    }


def table(reports: Mapping[str, Report]) -> str:
    """A column for each report, in text."""
    rows = [["", *reports], *([name, *map(cell, reports.values())] for name, cell in _ROWS.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def log_lines(name: str, rounds: Sequence[Report]) -> Iterator[str]:
    """A line of JSON for each request of a target, in the order in which they finished."""
    for number, report in enumerate(rounds):
        for sample in report.samples:
            yield json.dumps({"target": name, "round": number} | asdict(sample)) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    (head, *cells), (first, *others) = row, widths
    return "  ".join([head.ljust(first), *(cell.rjust(width) for cell, width in zip(cells, others, strict=True))])


def _ms(seconds: float) -> str:
    return "-" if isnan(seconds) else f"{seconds * 1e3:.2f}"


def _number(value: float) -> float | None:
    return None if isnan(value) else value
