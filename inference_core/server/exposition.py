"""The text that Prometheus reads, for one process or added up over several that share a directory."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def prepare_multiprocess() -> Iterator[Path]:
    """Gives the processes that are started inside one place for their values, and removes it at the end.

    For the parent, before it starts the first: prometheus_client chooses where values lie when it is imported.
    """
    with tempfile.TemporaryDirectory(prefix="satchel-metrics-") as folder:
        os.environ[DIRECTORY] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[DIRECTORY]


def shared_directory() -> Path | None:
    """Where the processes of this server keep their values; None where each keeps its own."""
    folder = os.environ.get(DIRECTORY)
    return Path(folder) if folder else None


def forget(pid: int) -> None:
    """Drops what a process that has ended said of its present: gauges. What it had counted stays counted."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, shared_directory())  # type: ignore[no-untyped-call]


def exposition(registry: "CollectorRegistry", accept: str) -> tuple[bytes, str]:
    """The metrics, and their content type: OpenMetrics for who accepts it, else the older text.

    Args:
        registry: of this process; not read where several share a directory.
        accept: the `Accept` header.
    """
    from prometheus_client import exposition as text
    from prometheus_client.openmetrics import exposition as open_metrics

    folder = shared_directory()
    whole = registry if folder is None else _of_all(folder)
    if "application/openmetrics-text" in accept:
        return open_metrics.generate_latest(whole), OPEN_METRICS  # type: ignore[no-untyped-call]
    return text.generate_latest(whole), TEXT


def _of_all(folder: Path) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    class Processes(Collector):
        """CPU, memory and files of each process, which nobody but the one that is asked could tell otherwise."""

        def collect(self) -> Iterable["Metric"]:
            return _processes(living)

    living = _living(folder)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(Processes())
    return registry


def _living(folder: Path) -> list[int]:
    """The processes that write there. Forgets those that have ended: nobody tells when the supervisor replaces one."""
    living = []
    for pid in sorted({int(file.stem.rpartition("_")[2]) for file in folder.glob("*.db")}):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            forget(pid)
        else:
            living.append(pid)
    return living


def _processes(pids: Iterable[int]) -> Iterable["Metric"]:
    """What the process collector tells of each, with its number as a label."""
    from prometheus_client import Metric, ProcessCollector

    families: dict[str, Metric] = {}
    for pid in pids:
        for family in ProcessCollector(pid=partial(int, pid), registry=None).collect():
            whole = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {**sample.labels, "pid": str(pid)}, sample.value)
    return families.values()
