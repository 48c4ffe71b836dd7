"""Whether batches pay: decided on made-up figures, and measured on models that batch and on some that must not."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import Axis, BucketedAxis
from inference_core.bundle.tuning import Outcome, Row
from inference_core.engines import EngineOptions
from inference_core.errors import EngineError
from inference_core.packing import Choice
from inference_core.packing.apart import Apart
from inference_core.packing.choice import Variant
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tuning import batches, tune
from inference_core.packing.tuning.batches import batch_sizes, choose_batch, note_batches, time_batches, wide_and_narrow
from inference_core.packing.tuning.comparison import Comparison
from inference_core.packing.tuning.tune import Attempt
from tests.models import write_classifier
from tests.packing.bench import Bench as Folder
from tests.packing.tuning.mixing import write_mixing

Layout = tuple[int, int]
ORT = Variant("onnxruntime", "fp32")
WIDE, NARROW = (2, 1), (1, 2)


def spec(axis: Axis) -> TensorSpec:
    return TensorSpec(name="images", dtype="float32", shape=(axis, 3, 8, 8))


def test_the_batch_axis_says_what_can_be_tried() -> None:
    assert batch_sizes(spec("n")) == (2, 4, 8, 16)
    assert batch_sizes(spec(BucketedAxis(sizes=(8, 1, 3)))) == (3, 8)
    assert batch_sizes(spec(BucketedAxis(sizes=(1,)))) == ()
    assert batch_sizes(spec(1)) == ()
    assert batch_sizes(spec(6)) == (6,)


@pytest.mark.parametrize(
    ("speeds", "batch", "why"),
    [
        ({1: 100.0, 2: 105.0, 4: 110.1, 8: 109.0}, 4, "4 at once give 110.1 images/s, one by one 100.0"),
        ({1: 100.0, 2: 105.0, 4: 109.99}, None, "4 at once give 110.0 images/s, one by one 100.0"),
        ({1: 100.0, 2: 200.0, 4: 200.0}, 2, "2 at once give 200.0 images/s, one by one 100.0"),
        ({1: 100.0, 2: 60.0}, None, "2 at once give 60.0 images/s, one by one 100.0"),
        ({1: 2.0}, None, "one inference on several would take longer than 300 ms"),
    ],
)
def test_batches_have_to_give_a_tenth_more(speeds: dict[int, float], batch: int | None, why: str) -> None:
    assert choose_batch(speeds) == (batch, why)


def shared(options: list[EngineOptions]) -> list[Layout]:
    assert not any(each.spin for each in options)
    return [(each.threads, each.instances) for each in options]


def test_single_images_and_batches_are_timed_on_all_cpus() -> None:
    assert shared(wide_and_narrow(EngineOptions(threads=8, spin=True), 8)) == [(8, 1), (1, 8)]
    assert shared(wide_and_narrow(EngineOptions(threads=4), 8)) == [(8, 1), (1, 8)]
    assert shared(wide_and_narrow(EngineOptions(threads=4, instances=2), 8)) == [(8, 1), (1, 8), (4, 2)]
    assert shared(wide_and_narrow(EngineOptions(threads=1, instances=8), 8)) == [(8, 1), (1, 8)]
    assert shared(wide_and_narrow(EngineOptions(threads=1), 1)) == [(1, 1)]


class Process:
    """Takes `milliseconds` for an inference on so many images, one after the other."""

    def __init__(self, milliseconds: Callable[[int], float], calls: list[int]) -> None:
        self._milliseconds = milliseconds
        self._calls = calls

    def call(self, method: str, *, seconds: float, images: int) -> Any:
        assert (method, seconds) == ("time", 0.2)
        self._calls.append(images)
        milliseconds = self._milliseconds(images)
        return {"latencies_ms": [milliseconds] * 3, "images_per_second": images * 1e3 / milliseconds}


def timed(axis: Axis, *layouts: Callable[[int], float]) -> tuple[dict[int, float], list[int]]:
    """Images a second, and what was run, in order."""
    calls: list[int] = []
    processes = [cast(Apart, Process(milliseconds, calls)) for milliseconds in layouts]
    return time_batches(processes, spec(axis)), calls


def test_the_better_layout_counts_for_each_size() -> None:
    """One is quick with single images, the other has a toll of 10 ms on each inference."""
    speeds, calls = timed("n", lambda images: 8.0 * images, lambda images: 10 + 5.0 * images)
    assert speeds == pytest.approx({1: 125, 2: 125, 4: 4000 / 30, 8: 160, 16: 16000 / 90})
    assert calls == [1, 2, 4, 8, 16] * 2 * 3


def test_a_median_of_the_rounds_counts() -> None:
    hiccups = iter([10.0, 100, 10, 10, 10, 10, 10, 10, 10, 10, 1, 10, 10, 10, 10])
    speeds, _ = timed("n", lambda images: next(hiccups))
    assert speeds == pytest.approx({1: 100, 2: 200, 4: 400, 8: 800, 16: 1600})


def test_what_takes_too_long_is_not_tried() -> None:
    assert list(timed("n", lambda images: 70.0 * images)[0]) == [1, 2, 4]
    assert list(timed("n", lambda images: 151.0)[0]) == [1]
    assert list(timed(6, lambda images: 900.0)[0]) == [1, 6]  # where one image takes as long
    assert list(timed(BucketedAxis(sizes=(4, 8)), lambda images: 200.0)[0]) == [1, 4]


class Bench:
    """In the place of a comparison: an artifact whose inferences on each layout take so long, and what was judged."""

    def __init__(self, times: Mapping[Layout, Callable[[int], float]], axis: Axis = "n") -> None:
        self._times = times
        self._axis = axis
        self.fault: str | None = None
        self.judged: list[tuple[int, float]] = []

    def input(self, graph: ModelGraph) -> TensorSpec:
        return spec(self._axis)

    @contextmanager
    def open(self, graph: ModelGraph, options: EngineOptions) -> Iterator[Process]:
        yield Process(self._times[options.threads, options.instances], [])

    def judge_batch(self, graph: ModelGraph, process: Process, images: int, usual: float) -> str | None:
        self.judged.append((images, usual))
        return self.fault


def note(bench: Bench, *attempts: Attempt) -> list[str]:
    """The stages."""
    stages: list[str] = []
    note_batches(cast(Comparison, bench), attempts, 2, stages.append)
    return stages


def attempt(outcome: Outcome = "picked", **figures: float) -> Attempt:
    graph = ModelGraph("onnxruntime", "model.onnx", Path("model.onnx"), [], [], "fp32")
    return Attempt(ORT, EngineOptions(threads=2), graph, outcome, figures=dict(figures))


def dear(images: int) -> float:
    """A toll of 10 ms on each inference."""
    return 10.0 + images


def test_what_batches_give_is_noted_of_what_goes_into_the_bundle() -> None:
    bench = Bench({WIDE: dear, NARROW: lambda images: 4.0 * images})
    picked, kept, other = attempt(max_relative=0.25), attempt("kept"), attempt("fits")
    assert note(bench, picked, kept, other) == ["timing batches of onnxruntime:fp32"] * 2
    assert picked.figures == {"max_relative": 0.25, "batch": 16, "batch_images_per_second": pytest.approx(16000 / 26)}
    assert (kept.row().batch, kept.row().batch_size, other.figures) == (16, 16, {})
    assert bench.judged == [(16, 0.25), (16, 0.0)]


def test_where_batches_do_not_pay_the_row_says_so() -> None:
    picked = attempt()
    bench = Bench({WIDE: lambda images: 1.5 * images, NARROW: dear})
    note(bench, picked)
    row = picked.row()
    assert (row.batch, row.batch_size, bench.judged) == (None, 1, [])
    assert row.batch_reason == "2 at once give 666.7 images/s, one by one 666.7"


def test_a_model_whose_answers_depend_on_the_batch_is_not_batched() -> None:
    bench, picked = Bench({WIDE: dear, NARROW: dear}), attempt()
    bench.fault = "output logits differs"
    note(bench, picked)
    assert picked.figures == {"batch_reason": "output logits differs"}


def test_a_model_that_fails_on_several_is_not_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise EngineError("the model failed", got="Reshape")

    monkeypatch.setattr(batches, "time_batches", fail)
    picked = attempt()
    note(Bench({WIDE: dear, NARROW: dear}), picked)
    assert picked.figures == {"batch_reason": "the model failed: Reshape"}


def test_an_artifact_for_one_image_is_left_alone() -> None:
    picked = attempt()
    assert note(Bench({}, 1), picked) == []
    assert picked.figures == {}


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that are as good as none."""
    monkeypatch.setattr(tune, "_SCREENING_SECONDS", 0.01)
    for module in (tune, batches):
        monkeypatch.setattr(module, "_ROUND_SECONDS", 0.01)


def packed(bench: Folder) -> Row:
    """What is picked of the bench's model for throughput."""
    choice = Choice(engines=("onnxruntime",), precisions=("fp32",), goal="throughput")
    tuning = bench.pack(choice=choice).manifest.tuning
    assert tuning is not None
    assert [row.batch for row in tuning.rows if row.outcome == "fits"] == [None] * (len(tuning.rows) - 1)
    return tuning.pick


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_a_tiny_model_is_batched_since_its_calls_cost_more_than_its_sums(bench: Folder) -> None:
    row = packed(bench)
    assert row.batch in (4, 8, 16)
    assert row.batch_images_per_second is not None and row.images_per_second is not None
    assert row.batch_images_per_second > row.images_per_second
    assert row.batch_reason is None


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_a_tiny_model_that_mixes_rows_is_not_batched_however_quick(bench: Folder) -> None:
    write_mixing(bench.model, "mean")
    row = packed(bench)
    assert (row.batch, row.batch_images_per_second) == (None, None)
    assert re.fullmatch(r"output logits differs by 0\.\d+ of its largest value in a batch", str(row.batch_reason))


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_of_a_model_for_one_image_nothing_is_said(bench: Folder) -> None:
    write_classifier(bench.model, batch=1)
    row = packed(bench)
    assert (row.batch, row.batch_images_per_second, row.batch_reason) == (None, None, None)
