"""Reports in text and JSON."""

import json

from inference_core.bench.load import Report, Sample
from inference_core.bench.load.summary import log_lines, summarise, table

FAST = Report(tuple(Sample(i, 0.0, 0.0, (i + 1) / 1000, "200", True, 7, None) for i in range(100)), 2.0, 0.25)
DEAD = Report((Sample(0, 0.5, None, 30.5, "timeout", False, 0, "never sent"),), 30.5, 0.0)


def test_the_table_has_a_column_for_each_target() -> None:
    assert table({"rest": FAST, "a long name": DEAD}).splitlines() == [
        "                     rest  a long name",
        "requests              100            1",
        "failed           0 (0.0%)   1 (100.0%)",
        "statuses         200: 100   timeout: 1",
        "good answers/s       50.0          0.0",
        "total s             2.000       30.500",
        "mean ms             50.50            -",
        "median ms           50.00            -",
        "p90 ms              90.00            -",
        "p95 ms              95.00            -",
        "p99 ms              99.00            -",
        "max ms             100.00            -",
        "sent late ms         0.00            -",
        "generator CPU s     0.250        0.000",
    ]


def test_the_summary_is_json_in_seconds() -> None:
    assert summarise(FAST) == {
        "requests": 100,
        "failed": 0,
        "error_rate": 0.0,
        "statuses": {"200": 100},
        "throughput": 50.0,
        "total": 2.0,
        "mean": FAST.mean,
        "median": 0.05,
        "p90": 0.09,
        "p95": 0.095,
        "p99": 0.099,
        "max": 0.1,
        "sent_late": 0.0,
        "generator_cpu": 0.25,
    }
    dead = summarise(DEAD)
    assert json.loads(json.dumps(dead, allow_nan=False)) == dead
    assert (dead["mean"], dead["p99"], dead["sent_late"]) == (None, None, None)


def test_the_log_has_a_line_for_each_request() -> None:
    lines = [json.loads(line) for line in log_lines("rest", [FAST, DEAD])]
    assert len(lines) == 101
    assert lines[-1] == {
        "target": "rest",
        "round": 1,
        "index": 0,
        "intended": 0.5,
        "sent": None,
        "finished": 30.5,
        "outcome": "timeout",
        "ok": False,
        "bytes": 0,
        "error": "never sent",
    }
