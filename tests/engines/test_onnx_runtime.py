"""The onnxruntime engine on tiny graphs."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from inference_core.bundle import Artifact, Bundle, open_bundle
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import EngineDescription, EngineOptions
from inference_core.engines.onnx_runtime import OnnxRuntimeEngine, session_options
from inference_core.errors import DeadlineError, EngineError, MissingDependencyError
from tests.models import write_classifier

OPTIONS = EngineOptions(threads=1)


@pytest.fixture
def bundle(tiny_models: Path) -> Bundle:
    return open_bundle(tiny_models / "tiny_classifier")


@pytest.fixture
def artifact(bundle: Bundle) -> Artifact:
    return bundle.artifact()


@pytest.fixture
def engine(bundle: Bundle) -> OnnxRuntimeEngine:
    return OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, OPTIONS)


def colors(*rows: tuple[float, float, float]) -> np.ndarray:
    """Plain images [N, 3, 8, 8]."""
    return np.broadcast_to(np.array(rows, np.float32)[:, :, None, None], (len(rows), 3, 8, 8)).copy()


def with_input(artifact: Artifact, **changes: Any) -> Artifact:
    """The artifact with changes to its only input."""
    return artifact.model_copy(update={"inputs": (artifact.inputs[0].model_copy(update=changes),)})


@pytest.mark.parametrize(("threads", "spin", "entry"), [(1, False, "0"), (3, True, "1")])
def test_every_session_option_is_stated(threads: int, spin: bool, entry: str) -> None:
    chosen = session_options(EngineOptions(threads=threads, spin=spin))
    assert (chosen.intra_op_num_threads, chosen.inter_op_num_threads) == (threads, 1)
    assert chosen.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
    assert chosen.graph_optimization_level == ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    assert chosen.get_session_config_entry("session.intra_op.allow_spinning") == entry


def test_the_session_runs_with_the_options_and_on_the_cpu_only(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    real = ort.InferenceSession

    def spy(path: str, options: Any, providers: list[str]) -> Any:
        opened.append((options.intra_op_num_threads, providers))
        return real(path, options, providers=providers)

    monkeypatch.setattr(ort, "InferenceSession", spy)
    OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, EngineOptions(threads=2))
    assert opened == [(2, ["CPUExecutionProvider"])]


@pytest.mark.parametrize(("threads", "instances", "sessions"), [(1, 4, 1), (2, 1, 1), (2, 3, 3)])
def test_sessions_of_one_thread_are_shared_and_others_are_not(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, threads: int, instances: int, sessions: int
) -> None:
    opened = []
    real = ort.InferenceSession

    def spy(path: str, options: Any, providers: list[str]) -> Any:
        opened.append(options.intra_op_num_threads)
        return real(path, options, providers=providers)

    monkeypatch.setattr(ort, "InferenceSession", spy)
    options = EngineOptions(threads=threads, instances=instances)
    engine = OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, options)
    assert opened == [threads] * sessions
    assert engine.describe().instances == instances


def test_sessions_are_warmed_up_one_and_all(bundle: Bundle) -> None:
    options = EngineOptions(threads=2, instances=3)
    engine = Recording.load(with_input(bundle.artifact(), shape=(1, 3, 8, 8)), bundle.directory, options)
    engine.warm_up()
    assert engine.shapes == [(1, 3, 8, 8)] * 6


def test_outputs_are_the_models_numbers_by_name(engine: OnnxRuntimeEngine) -> None:
    outputs = engine.infer({"images": colors((0.5, 0.25, 0.125), (0, 1, -2))})
    assert list(outputs) == ["logits"]
    assert outputs["logits"].tolist() == [[5.0, 2.5, 1.25], [0.0, 10.0, -20.0]]


def test_the_description_says_what_runs(bundle: Bundle) -> None:
    engine = OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, EngineOptions(threads=2))
    assert engine.describe() == EngineDescription(
        engine="onnxruntime",
        version=ort.__version__,
        device="cpu",
        providers=("CPUExecutionProvider",),
        precision="fp32",
        threads=2,
    )


def test_an_input_that_does_not_fit_is_refused_before_the_model_runs(engine: OnnxRuntimeEngine) -> None:
    with pytest.raises(EngineError) as caught:
        engine.infer({"images": np.zeros((1, 8, 8, 3), np.float32)})
    assert str(caught.value) == (
        "input images does not fit the model\n  got: float32 [1, 8, 8, 3]\n  expected: float32 [batch, 3, 8, 8]\n"
        "  remedy: the preprocessing steps must give this tensor: correct the recipe and pack again"
    )


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"not a model at all", "Protobuf parsing failed."),
        (b"", "No graph was found in the protobuf."),
        (None, "File doesn't exist"),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    artifact: Artifact, tmp_path: Path, content: bytes | None, got: str
) -> None:
    if content is not None:
        (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(EngineError) as caught:
        OnnxRuntimeEngine.load(artifact, tmp_path, OPTIONS)
    error = caught.value
    assert error.message == f"onnxruntime {ort.__version__} cannot load model.onnx"
    assert error.got is not None and got in error.got and "\n" not in error.got
    assert error.remedy == "check that the file is a whole ONNX model of an opset this version knows"


def test_a_truncated_model_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    whole = (bundle.directory / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineError, match=r"cannot load model\.onnx"):
        OnnxRuntimeEngine.load(bundle.artifact(), tmp_path, OPTIONS)


@pytest.mark.parametrize(
    ("kind", "native", "got"), [("inputs", "pixels", "images"), ("outputs", "probabilities", "logits")]
)
def test_an_artifact_that_names_absent_tensors_is_refused(bundle: Bundle, kind: str, native: str, got: str) -> None:
    artifact = bundle.artifact()
    spec = getattr(artifact, kind)[0].model_copy(update={"native": native})
    with pytest.raises(EngineError) as caught:
        OnnxRuntimeEngine.load(artifact.model_copy(update={kind: (spec,)}), bundle.directory, OPTIONS)
    assert (caught.value.message, caught.value.got) == (f"model.onnx has no {kind[:-1]} {native}", got)


def test_tensors_go_by_the_artifacts_names_where_the_graphs_differ(bundle: Bundle) -> None:
    artifact = bundle.artifact()
    image = artifact.inputs[0].model_copy(update={"name": "picture", "native": "images"})
    scores = artifact.outputs[0].model_copy(update={"name": "scores", "native": "logits"})
    renamed = artifact.model_copy(update={"inputs": (image,), "outputs": (scores,)})
    outputs = OnnxRuntimeEngine.load(renamed, bundle.directory, OPTIONS).infer({"picture": colors((1, 0.5, 0))})
    assert {name: value.tolist() for name, value in outputs.items()} == {"scores": [[10.0, 5.0, 0.0]]}


def test_a_device_that_this_build_lacks_is_refused(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["AzureExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(MissingDependencyError) as caught:
        OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, EngineOptions(threads=1, device="cuda:1"))
    assert str(caught.value) == (
        "this onnxruntime cannot use device cuda:1\n  got: AzureExecutionProvider, CPUExecutionProvider\n"
        "  expected: CUDAExecutionProvider\n"
        "  remedy: install onnxruntime-gpu in place of onnxruntime, or set SATCHEL_DEVICE=cpu"
    )


def test_an_unknown_device_is_refused(bundle: Bundle) -> None:
    with pytest.raises(EngineError, match="onnxruntime has no device tpu:0"):
        OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, EngineOptions(threads=1, device="tpu:0"))


@pytest.mark.parametrize(("device", "index"), [("cuda", "0"), ("cuda:1", "1")])
def test_a_gpu_that_does_not_start_is_refused_instead_of_using_the_cpu(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, device: str, index: str
) -> None:
    asked = []

    def session(path: str, options: Any, providers: Any) -> SimpleNamespace:
        asked.append(providers)
        return SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])

    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", session)
    with pytest.raises(MissingDependencyError) as caught:
        OnnxRuntimeEngine.load(bundle.artifact(), bundle.directory, EngineOptions(threads=1, device=device))
    assert asked == [[("CUDAExecutionProvider", {"device_id": index})]]
    assert (caught.value.message, caught.value.got) == (
        "onnxruntime could not start CUDAExecutionProvider",
        "CPUExecutionProvider",
    )


def test_nothing_runs_once_the_deadline_has_passed(engine: OnnxRuntimeEngine) -> None:
    image = {"images": colors((1, 0, 0))}
    with pytest.raises(DeadlineError, match="the deadline passed before inference began"):
        engine.infer(image, deadline=time.monotonic())
    assert engine.infer(image, deadline=time.monotonic() + 60)["logits"].tolist() == [[10.0, 0.0, 0.0]]


class Recording(OnnxRuntimeEngine):
    """Notes the shape of every inference."""

    def infer(self, inputs: Any, *, deadline: float | None = None) -> dict[str, np.ndarray]:
        self.shapes = [*getattr(self, "shapes", []), inputs["images"].shape]
        return super().infer(inputs, deadline=deadline)


@pytest.mark.parametrize(
    ("batch", "sizes"), [("batch", [1, 1]), (BucketedAxis(sizes=(1, 4)), [1, 1, 4, 4]), (2, [2, 2])]
)
def test_warming_up_runs_each_declared_shape_twice(bundle: Bundle, batch: Any, sizes: list[int]) -> None:
    artifact = with_input(bundle.artifact(), shape=(batch, 3, 8, 8))
    engine = Recording.load(artifact, bundle.directory, OPTIONS)
    engine.warm_up()
    assert engine.shapes == [(size, 3, 8, 8) for size in sizes]


def test_a_failure_of_the_model_is_an_engine_error(artifact: Artifact, tmp_path: Path) -> None:
    write_classifier(tmp_path / "model.onnx", batch=1)
    engine = OnnxRuntimeEngine.load(artifact, tmp_path, OPTIONS)
    with pytest.raises(EngineError) as caught:
        engine.infer({"images": colors((1, 0, 0), (0, 1, 0))})
    assert caught.value.message == "onnxruntime failed while running model.onnx"
    assert caught.value.got is not None and "index: 0 Got: 2 Expected: 1" in caught.value.got


def test_threads_at_once_get_their_own_answers(engine: OnnxRuntimeEngine) -> None:
    def ask(level: int) -> list[list[float]]:
        answer: list[list[float]] = engine.infer({"images": colors((level, 0, -level))})["logits"].tolist()
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(200)))
    assert answers == [[[10.0 * level, 0.0, -10.0 * level]] for level in range(200)]
