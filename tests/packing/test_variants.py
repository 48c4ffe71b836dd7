"""From one model to those of a bundle: converted, compared and measured in processes of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Bundle, Manifest, open_bundle
from inference_core.bundle.tuning import Tuning
from inference_core.cpu import available_cpus, cpu_name, instruction_sets
from inference_core.errors import PackError
from inference_core.packing import Choice
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.onnx.quantization import Quantized
from inference_core.packing.openvino.ir import to_openvino
from inference_core.packing.tuning import batches, tune
from inference_core.packing.tuning.report import markdown
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from tests.models import write_classifier
from tests.packages import needs_openvino
from tests.packing.bench import Bench
from tests.pictures import plain

COLORS = {"red": (255, 40, 0), "green": (30, 255, 0), "blue": (0, 60, 255)}
BOTH = ("onnxruntime", "openvino")

pytestmark = pytest.mark.slow


def write_colors(folder: Path, *names: str) -> Path:
    """A directory with a picture of each colour."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.png").write_bytes(plain(COLORS[name]))
    return folder


def predictions(bundle: Bundle, engine: str) -> list[list[tuple[str, float]]]:
    """Of the three colours."""
    with LocalPredictor.load(bundle, engine=engine) as predictor:
        outcomes = predictor.predict([plain(color) for color in COLORS.values()])
    return [[(p.label, p.score) for p in outcome.predictions] for outcome in outcomes if isinstance(outcome, Result)]


def artifacts(manifest: Manifest) -> list[str]:
    return [f"{artifact.engine}:{artifact.precision}" for artifact in manifest.artifacts]


@needs_openvino
def test_engines_that_are_asked_for_are_kept_and_answer_alike(bench: Bench) -> None:
    stages: list[str] = []
    choice = Choice(engines=("openvino", "onnxruntime"))
    manifest = bench.pack(images=(), choice=choice, progress=stages.append).manifest
    assert artifacts(manifest) == ["onnxruntime:fp32", "openvino:fp32"]
    assert sorted(manifest.files) == ["model.bin", "model.onnx", "model.xml"]
    assert (manifest.tuning, sorted(manifest.provenance)) == (None, ["onnxruntime", "openvino", "opset", "satchel"])
    assert stages[3:] == ["comparing", "making onnxruntime:fp32", "making openvino:fp32", "writing bundle"]
    with open_bundle(bench.target) as bundle:
        ours, theirs = (predictions(bundle, engine) for engine in BOTH)
    assert [found[0][0] for found in ours] == ["red", "green", "blue"]
    for one, other in zip(ours, theirs, strict=True):
        assert [label for label, _ in one] == [label for label, _ in other]
        assert [score for _, score in one] == pytest.approx([score for _, score in other], abs=1e-5)


@needs_openvino
def test_an_engine_alone_is_kept_without_the_source(bench: Bench) -> None:
    manifest = bench.pack(choice=Choice(engines=("openvino",))).manifest
    assert (artifacts(manifest), sorted(manifest.files)) == (["openvino:fp32"], ["model.bin", "model.xml"])


@needs_openvino
def test_a_conversion_that_answers_otherwise_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def lie(graph: ModelGraph, *rest: Any) -> ModelGraph:
        other = inspect_onnx(write_classifier(bench.folder / "other.onnx", scale=11.0))
        return to_openvino(other, *rest)

    monkeypatch.setattr("inference_core.packing.openvino.ir.to_openvino", lie)
    with pytest.raises(PackError) as caught:
        bench.pack(choice=Choice(engines=("openvino",)))
    assert caught.value.message == "openvino:fp32 answers otherwise than the model it was made of"
    assert caught.value.got == "output logits differs by 0.1 of its largest value on picture.png"
    assert caught.value.expected == "the same answers"
    assert not bench.target.exists()


@dataclass
class Quantizer:
    """In the converter's place: the classifier with another scale, and the pictures it was called with."""

    folder: Path
    scale: float
    calibrated: list[list[float]] = field(default_factory=list)

    def __call__(self, graph: ModelGraph, calibration: Sequence[Path], scratch: Path) -> Quantized:
        self.calibrated = [np.load(path).mean((0, 2, 3), np.float64).round(2).tolist() for path in calibration]
        made = inspect_onnx(write_classifier(scratch / "model.int8.onnx", scale=self.scale))
        return Quantized(replace(made, file="model.int8.onnx", precision="int8"), graph, [])


@pytest.fixture
def quantizer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Quantizer:
    made = Quantizer(bench.folder, 11.0)
    monkeypatch.setattr("inference_core.packing.onnx.quantization.quantize_onnx", made)
    return made


INT8 = Choice(engines=("onnxruntime",), precisions=("int8",))


def test_int8_is_calibrated_with_the_pictures_of_the_comparison(bench: Bench, quantizer: Quantizer) -> None:
    pictures = write_colors(bench.folder / "pictures", "green", "blue")
    manifest = bench.pack(images=[bench.picture], choice=replace(INT8, images=pictures)).manifest
    assert (artifacts(manifest), list(manifest.files)) == (["onnxruntime:int8"], ["model.int8.onnx"])
    assert quantizer.calibrated == [[1, 0, 0], [0, 0.24, 1], [0.12, 1, 0]]


def test_int8_is_calibrated_with_other_pictures_where_they_are_given(bench: Bench, quantizer: Quantizer) -> None:
    other = write_colors(bench.folder / "other", "green")
    bench.pack(choice=replace(INT8, calibration=other))
    assert quantizer.calibrated == [[0.12, 1, 0]]
    quantizer.calibrated = []
    bench.pack(images=(), choice=replace(INT8, calibration=other), force=True)
    assert quantizer.calibrated == [[0.12, 1, 0]]


def test_int8_that_drops_too_far_is_refused(bench: Bench, quantizer: Quantizer) -> None:
    quantizer.scale = -10.0
    with pytest.raises(PackError) as caught:
        bench.pack(choice=replace(INT8, max_drop=0.99))
    assert caught.value.message == "onnxruntime:int8 answers otherwise than the model it was made of"
    assert (caught.value.got, caught.value.expected) == ("top-1 agreement drops by 1.0000", "a drop within --max-drop")
    assert artifacts(bench.pack(choice=replace(INT8, max_drop=1.0)).manifest) == ["onnxruntime:int8"]


def test_int8_without_pictures_is_refused(bench: Bench) -> None:
    with pytest.raises(PackError, match="onnxruntime:int8 needs pictures to be calibrated with"):
        bench.pack(images=(), choice=INT8)
    assert not bench.target.exists()


def break_picture(folder: Path) -> Path:
    write_colors(folder, "red")
    (folder / "z.png").write_bytes(b"no picture")
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("option", ["images", "calibration"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (empty, "there are no pictures at {0}/pictures"),
        (Path, "there are no pictures at {0}/pictures"),
        (break_picture, "{0}/pictures/z.png cannot be used: "),
    ],
)
def test_pictures_that_cannot_be_used_are_named(
    bench: Bench, option: str, make: Callable[[Path], Path], message: str
) -> None:
    place: dict[str, Any] = {option: make(bench.folder / "pictures")}
    with pytest.raises(PackError) as caught:
        bench.pack(choice=replace(INT8, **place))
    assert caught.value.message.startswith(message.format(bench.folder))
    assert not bench.target.exists()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that are as good as none, on two CPUs."""
    monkeypatch.setattr(tune, "_SCREENING_SECONDS", 0.02)
    monkeypatch.setattr(tune, "_ROUND_SECONDS", 0.01)
    monkeypatch.setattr(batches, "_ROUND_SECONDS", 0.01)
    monkeypatch.setattr(tune, "available_cpus", lambda: 2)


def tuned(manifest: Manifest) -> Tuning:
    assert manifest.tuning is not None
    return manifest.tuning


def rows(tuning: Tuning) -> list[tuple[str, int, int]]:
    return [(f"{row.engine}:{row.precision}", row.threads, row.instances) for row in tuning.rows]


@needs_openvino
@pytest.mark.usefixtures("brief")
def test_tuning_for_latency_keeps_the_table_and_the_best(bench: Bench) -> None:
    pictures = write_colors(bench.folder / "three colors", "red", "green", "blue")
    choice = Choice(engines=BOTH, precisions=("fp32",), goal="latency", images=pictures, keep=BOTH, budget_mb=1)
    manifest = bench.pack(images=(), choice=choice).manifest
    tuning = tuned(manifest)
    assert (tuning.goal, tuning.metric, tuning.source_score) == ("latency", "top-1 agreement", 1.0)
    assert (tuning.dataset, tuning.images, tuning.max_drop, tuning.budget_mb) == ("three colors", 3, 0.005, 1)
    machine = tuning.machine
    assert (machine.cpu, machine.cpus, machine.instruction_sets) == (cpu_name(), available_cpus(), instruction_sets())
    assert rows(tuning) == [
        *(("onnxruntime:fp32", 2, 1), ("onnxruntime:fp32", 2, 1), ("onnxruntime:fp32", 1, 1)),
        *(("openvino:fp32", 2, 1), ("openvino:fp32", 1, 1)),
    ]
    assert [row.spin for row in tuning.rows] == [False, True, False, False, False]
    for row in tuning.rows:
        assert row.score == 1.0
        assert row.max_relative is not None and row.max_relative < 1e-5
        assert row.p50_ms is not None and row.p90_ms is not None and row.p99_ms is not None
        assert 0 < row.p50_ms <= row.p90_ms <= row.p99_ms
        assert row.images_per_second and row.load_ms
        assert row.rss_mb is not None and row.rss_mb > 20
    assert tuning.rows[0].bytes == manifest.files["model.onnx"].bytes
    assert tuning.rows[3].bytes == manifest.files["model.xml"].bytes + manifest.files["model.bin"].bytes
    assert sorted(row.outcome for row in tuning.rows) == ["fits", "fits", "fits", "kept", "picked"]
    assert artifacts(manifest)[0] == f"{tuning.pick.engine}:fp32"
    assert sorted(artifacts(manifest)) == ["onnxruntime:fp32", "openvino:fp32"]
    with open_bundle(bench.target) as bundle:
        assert bundle.manifest.tuning == tuning
        assert (bundle.directory / "tuning.md").read_text() == markdown(tuning, "tiny_classifier")
    assert sorted(manifest.files) == ["model.bin", "model.onnx", "model.xml", "tuning.md"]


@pytest.mark.usefixtures("brief")
def test_tuning_for_throughput_shares_the_cpus_out(bench: Bench) -> None:
    choice = Choice(engines=("onnxruntime",), goal="throughput", instruction_sets=("avx2", "made_up"))
    manifest = bench.pack(images=(), choice=choice).manifest
    tuning = tuned(manifest)
    assert (tuning.goal, tuning.dataset, tuning.images, tuning.budget_mb) == ("throughput", "generated", 3, None)
    assert rows(tuning) == [("onnxruntime:fp32", 2, 1), ("onnxruntime:fp32", 1, 2)]
    assert tuning.machine.instruction_sets == ("avx2", "made_up")
    assert (artifacts(manifest), sorted(manifest.files)) == (["onnxruntime:fp32"], ["model.onnx", "tuning.md"])


@pytest.mark.usefixtures("brief")
def test_truth_rates_the_variants_and_names_the_table(bench: Bench) -> None:
    """One of four pictures is of another colour than its folder says."""
    for folder, names in {"Red": ["red", "green"], "blue": ["blue"], "1": ["green"]}.items():
        write_colors(bench.folder / "truth" / folder, *names)
    choice = Choice(engines=("onnxruntime",), goal="latency", dataset=bench.folder / "truth")
    tuning = tuned(bench.pack(choice=replace(choice, precisions=("fp32",))).manifest)
    assert (tuning.metric, tuning.source_score, tuning.dataset, tuning.images) == ("top-1", 0.75, "truth", 4)
    assert {row.score for row in tuning.rows} == {0.75}


def test_truth_of_other_classes_is_refused(bench: Bench) -> None:
    write_colors(bench.folder / "truth" / "yellow", "red")
    with pytest.raises(PackError, match="is named for no class of the model"):
        bench.pack(choice=Choice(goal="latency", dataset=bench.folder / "truth"))


@needs_openvino
@pytest.mark.usefixtures("brief")
def test_a_budget_that_nothing_meets_names_every_variant(bench: Bench) -> None:
    choice = Choice(engines=BOTH, precisions=("fp32",), goal="latency", budget_mb=0.0001)
    with pytest.raises(PackError) as caught:
        bench.pack(choice=choice)
    assert caught.value.message == "no variant can be taken"
    assert caught.value.got == "onnxruntime:fp32: more than 0.0001 MB; openvino:fp32: more than 0.0001 MB"
    assert not bench.target.exists()


@pytest.mark.usefixtures("brief")
def test_a_reason_that_a_variant_failed_is_in_the_table(bench: Bench, quantizer: Quantizer) -> None:
    quantizer.scale = -10.0
    choice = Choice(engines=("onnxruntime",), precisions=("fp32", "int8"), goal="latency")
    with pytest.raises(PackError, match="there is no onnxruntime:int8 to keep"):
        bench.pack(choice=replace(choice, keep=("onnxruntime:int8",)))
    [*_, row] = tuned(bench.pack(choice=choice).manifest).rows
    assert (row.precision, row.outcome, row.reason) == ("int8", "inexact", "top-1 agreement drops by 1.0000")
    assert "top-1 agreement drops" in (bench.target / "tuning.md").read_text()
