"""The text for Prometheus: of one process, and of several that share a directory."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from inference_core.server.exposition import DIRECTORY, OPEN_METRICS, TEXT, prepare_multiprocess
from inference_core.server.metrics import Metrics

WORKER = """
import sys
from inference_core.server.metrics import Metrics
from inference_core.tasks import Timings

metrics = Metrics()
metrics.capacity("tiny", 10)
metrics.state("tiny", "1", sys.argv[1])
for line in sys.stdin:
    if line == "text\\n":
        body, kind = metrics.text()
        print(len(body), kind, body.decode(), sep="\\n", end="", flush=True)
    else:
        metrics.http_request("GET", "/", 200, 0.001)
        metrics.answered("tiny", Timings(1.0, 2.0, 3.0, 4.0, 5.0))
        metrics.waiting("tiny", int(line))
        print("done", flush=True)
"""
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Worker:
    """A server process, as far as its metrics go."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def samples(self) -> Samples:
        size = int(self.ask("text"))
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == TEXT
        return samples(self.process.stdout.read(size))


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labels(name: str, **values: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(values.items())


@contextmanager
def worker(state: str) -> Iterator[Worker]:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


@pytest.fixture
def shared() -> Iterator[Path]:
    with prepare_multiprocess() as folder:
        yield folder


def test_the_directory_is_there_for_children_and_gone_afterwards() -> None:
    with prepare_multiprocess() as folder:
        assert os.environ[DIRECTORY] == str(folder)
        (folder / "counter_1.db").touch()
    assert not folder.exists()
    assert DIRECTORY not in os.environ


def test_several_processes_are_added_up(shared: Path) -> None:
    with worker("ready") as first, worker("loading") as second:
        assert [first.ask("3"), first.ask("2"), second.ask("4")] == ["done"] * 3
        for asked in first, second:
            found = asked.samples()
            assert found[labels("satchel_http_requests_total", method="GET", route="/", status="200")] == 3
            assert found[labels("satchel_predictions_total", model="tiny")] == 3
            assert found[labels("satchel_stage_seconds_sum", model="tiny", stage="infer")] == pytest.approx(0.009)
            assert found[labels("satchel_stage_seconds_bucket", model="tiny", stage="infer", le="0.005")] == 3
            assert found[labels("satchel_waiting", model="tiny")] == 6
            assert found[labels("satchel_queue_capacity", model="tiny")] == 20
            assert found[labels("satchel_models_loaded")] == 1
            assert found[labels("satchel_model_state", model="tiny", version="1", state="ready")] == 1
            assert found[labels("satchel_model_state", model="tiny", version="1", state="loading")] == 1
            assert found[labels("satchel_model_state", model="tiny", version="1", state="failed")] == 0
            for process in first.process, second.process:
                assert found[labels("process_resident_memory_bytes", pid=str(process.pid))] > 10e6
                assert found[labels("process_open_fds", pid=str(process.pid))] >= 3


def test_a_process_that_died_keeps_its_counts_and_loses_its_presence(shared: Path) -> None:
    with worker("failed") as first, worker("ready") as second:
        assert [first.ask("3"), second.ask("4")] == ["done"] * 2
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        found = second.samples()
        assert found[labels("satchel_http_requests_total", method="GET", route="/", status="200")] == 2
        assert found[labels("satchel_waiting", model="tiny")] == 4
        assert found[labels("satchel_queue_capacity", model="tiny")] == 10
        assert found[labels("satchel_model_state", model="tiny", version="1", state="failed")] == 0
        assert labels("process_resident_memory_bytes", pid=str(first.process.pid)) not in found
        assert not list(shared.glob(f"gauge_live*_{first.process.pid}.db"))
        assert list(shared.glob(f"counter_{first.process.pid}.db"))


def test_one_process_tells_of_itself() -> None:
    body, kind = Metrics().text()
    found = samples(body.decode())
    assert kind == TEXT
    assert found[labels("process_resident_memory_bytes")] > 10e6
    assert found[labels("satchel_models_loaded")] == 0
    assert not [name for name, _ in found if name.endswith("_created")]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain;version=1.0.0;escaping=allow-utf-8", TEXT),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", OPEN_METRICS),
        ("application/openmetrics-text; version=broken", OPEN_METRICS),
    ],
)
def test_who_accepts_open_metrics_gets_it(accept: str, kind: str) -> None:
    metrics = Metrics()
    metrics.http_request("GET", "/", 200, 0.001)
    body, got = metrics.text(accept)
    assert got == kind
    assert body.endswith(b"# EOF\n") == (kind == OPEN_METRICS)
    name = "satchel_http_requests" if kind == OPEN_METRICS else "satchel_http_requests_total"
    assert f"# TYPE {name} counter\n" in body.decode()
