"""Measuring and picking, with processes whose figures are made up; test_variants.py has real ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from inference_core.engines import EngineOptions
from inference_core.errors import PackError
from inference_core.packing.choice import Variant
from inference_core.packing.conversion import Converter
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tuning import tune
from inference_core.packing.tuning.comparison import Comparison, Verdict
from inference_core.packing.tuning.tune import Attempt, keep, layouts, measure

ORT, OV, INT8 = Variant("onnxruntime", "fp32"), Variant("openvino", "fp32"), Variant("openvino", "int8")


class Machine:
    """Where each variant takes so many milliseconds: at first sight, and in the rounds."""

    def __init__(self, folder: Path, times: dict[Variant, tuple[float, float]]) -> None:
        self.times = times
        self.faults: dict[Variant, str] = {}
        self.broken: set[Variant] = set()
        self.sizes: dict[Variant, int] = {}
        self.folder = folder
        self.opened: list[tuple[Variant, int, int]] = []

    def make(self, variant: Variant) -> ModelGraph:
        if variant in self.broken:
            raise PackError("operator Foo is unknown", got="Foo")
        path = self.folder / f"{variant.engine}.{variant.precision}"
        path.write_bytes(b"x" * self.sizes.get(variant, 10))
        return ModelGraph(variant.engine, path.name, path, [], [], variant.precision)

    @contextmanager
    def open(self, graph: ModelGraph, options: EngineOptions) -> Iterator["Process"]:
        variant = Variant(graph.engine, graph.precision)
        first = variant not in [seen for seen, *_ in self.opened if seen == variant]
        self.opened.append((variant, options.threads, options.instances))
        look, rounds = self.times[variant]
        yield Process((look if first or len(self.opened) <= 2 * len(self.times) else rounds) / options.threads**0.5)

    def judge(self, graph: ModelGraph, process: "Process") -> Verdict:
        variant = Variant(graph.engine, graph.precision)
        return Verdict({"score": 0.9, "max_relative": 0.01}, self.faults.get(variant))


class Process:
    def __init__(self, milliseconds: float) -> None:
        self.milliseconds = milliseconds

    def call(self, method: str, **_: Any) -> Any:
        latencies = [self.milliseconds] * 10
        answers = {
            "facts": {"load_ms": 5.0},
            "time": {"latencies_ms": latencies, "images_per_second": round(1e3 / self.milliseconds, 3)},
            "memory": 100.04,
        }
        return answers[method]


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "available_cpus", lambda: 2)


def run(machine: Machine, **asked: Any) -> list[Attempt]:
    wanted, budget = list(machine.times), asked.get("budget_mb")
    return measure(cast(Comparison, machine), cast(Converter, machine), wanted, "latency", budget, lambda stage: None)


def outcomes(attempts: list[Attempt]) -> list[tuple[str, int, str]]:
    return [(str(a.variant), a.options.threads, a.outcome) for a in attempts]


def test_cpus_are_shared_out_by_halves() -> None:
    assert [o.threads for o in layouts("latency", 6, spinning=False)] == [6, 3, 1]
    shared = layouts("throughput", 8, spinning=True)
    assert [(o.threads, o.instances, o.spin) for o in shared] == [(n, 8 // n, False) for n in (8, 4, 2, 1)]
    assert [(o.threads, o.instances) for o in layouts("throughput", 1, spinning=True)] == [(1, 1)]


def test_spinning_is_tried_where_several_threads_serve_one_inference() -> None:
    tried = layouts("latency", 4, spinning=True)
    assert [(o.threads, o.spin) for o in tried] == [(4, False), (4, True), (2, False), (2, True), (1, False)]


def test_spinning_is_picked_only_where_it_is_clearly_quicker() -> None:
    quiet = Attempt(ORT, EngineOptions(threads=2), figures={"p50_ms": 10.0})
    near = Attempt(ORT, EngineOptions(threads=2, spin=True), figures={"p50_ms": 9.8})
    clear = Attempt(ORT, EngineOptions(threads=2, spin=True), figures={"p50_ms": 9.6})
    assert tune._best([near, quiet], "latency") is quiet
    assert tune._best([quiet, clear], "latency") is clear


def test_the_quickest_is_picked_and_every_way_is_a_row(tmp_path: Path) -> None:
    attempts = run(Machine(tmp_path, {ORT: (8, 8), OV: (6, 6)}))
    assert outcomes(attempts) == [
        *(("onnxruntime:fp32", 2, "fits"), ("onnxruntime:fp32", 2, "fits"), ("onnxruntime:fp32", 1, "fits")),
        *(("openvino:fp32", 2, "picked"), ("openvino:fp32", 1, "fits")),
    ]
    row = attempts[3].row()
    assert (row.p50_ms, row.images_per_second, row.load_ms, row.rss_mb, row.bytes) == (4.243, 235.702, 5, 100, 10)
    assert (row.score, attempts[4].row().score, attempts[4].row().max_relative) == (0.9, 0.9, 0.01)


def test_the_rounds_decide_between_those_that_look_alike(tmp_path: Path) -> None:
    """At first sight the second is a little quicker; where both take turns, it is not."""
    attempts = run(Machine(tmp_path, {ORT: (10, 9), OV: (9.5, 11)}))
    assert ("onnxruntime:fp32", 2, "picked") in outcomes(attempts)


def test_what_is_not_right_is_not_picked_however_quick(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ORT: (8, 8), INT8: (1, 1)})
    machine.faults[INT8] = "AP@.5 drops by 0.2"
    attempts = run(machine)
    assert outcomes(attempts)[-1] == ("openvino:int8", 2, "inexact")
    row = attempts[-1].row()
    assert (row.reason, row.p50_ms) == ("AP@.5 drops by 0.2", 0.707)
    assert ("onnxruntime:fp32", 2, "picked") in outcomes(attempts)


def test_what_is_too_large_is_not_even_run(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ORT: (8, 8), OV: (1, 1)})
    machine.sizes[OV] = 1_100_001
    attempts = run(machine, budget_mb=1.1)
    assert outcomes(attempts)[-1] == ("openvino:fp32", 2, "too_large")
    assert attempts[-1].row().bytes == 1_100_001
    assert OV not in [variant for variant, *_ in machine.opened]


def test_a_variant_that_cannot_be_made_costs_its_row_and_no_more(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {OV: (1, 1), ORT: (8, 8)})
    machine.broken.add(OV)
    attempts = run(machine)
    assert outcomes(attempts)[0] == ("openvino:fp32", 2, "failed")
    assert attempts[0].row().reason == "operator Foo is unknown: Foo"
    assert ("onnxruntime:fp32", 2, "picked") in outcomes(attempts)


def test_where_nothing_fits_each_reason_is_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ORT: (8, 8), OV: (1, 1)})
    machine.broken.add(OV)
    machine.faults[ORT] = "output y differs"
    with pytest.raises(PackError, match="no variant can be taken") as caught:
        run(machine)
    assert caught.value.got == "onnxruntime:fp32: output y differs; openvino:fp32: operator Foo is unknown: Foo"


def test_what_is_kept_follows_the_pick_once(tmp_path: Path) -> None:
    attempts = run(Machine(tmp_path, {ORT: (8, 8), OV: (6, 6), INT8: (5, 5)}))
    graphs = keep(attempts, "latency", ("openvino:fp32", "openvino", "onnxruntime"))
    assert [(g.engine, g.precision) for g in graphs] == [INT8, OV, ORT]
    assert [o for _, threads, o in outcomes(attempts) if threads == 2] == ["kept", "fits", "kept", "picked"]


def test_what_does_not_fit_cannot_be_kept(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {ORT: (8, 8), OV: (6, 6)})
    machine.broken.add(OV)
    attempts = run(machine)
    with pytest.raises(PackError, match="there is no openvino to keep") as caught:
        keep(attempts, "latency", ("openvino",))
    assert "openvino:fp32: operator Foo is unknown" in str(caught.value.got)


def test_what_dies_in_the_rounds_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, {ORT: (8, 8), OV: (7, 7)})
    answer = Process.call

    def dying(process: Process, method: str, **arguments: Any) -> Any:
        if method == "time" and len(machine.opened) > 5 and process.milliseconds < 5:
            raise PackError("the process ended with SIGSEGV")
        return answer(process, method, **arguments)

    monkeypatch.setattr(Process, "call", dying)
    attempts = run(machine)
    assert outcomes(attempts)[0] == ("onnxruntime:fp32", 2, "picked")
    assert outcomes(attempts)[3] == ("openvino:fp32", 2, "failed")
    assert attempts[3].row().reason == "the process ended with SIGSEGV"
