"""The OpenVINO engine on tiny graphs, and on a real one."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Artifact, Bundle, open_bundle
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import Engine, EngineDescription, EngineOptions, load_engine
from inference_core.errors import DeadlineError, EngineError, MissingDependencyError
from tests.assets import ASSETS, ROOT, needs_assets
from tests.models import write_classifier

ov = pytest.importorskip("openvino", reason="openvino is not installed")

OPTIONS = EngineOptions(threads=1)


@pytest.fixture
def bundle(tiny_models: Path) -> Bundle:
    return open_bundle(tiny_models / "tiny_classifier")


@pytest.fixture
def artifact(bundle: Bundle) -> Artifact:
    """The ONNX file of the tiny classifier, for OpenVINO."""
    return bundle.artifact().model_copy(update={"engine": "openvino"})


@pytest.fixture
def engine(bundle: Bundle, artifact: Artifact) -> Engine:
    return load_engine(artifact, bundle.directory, OPTIONS)


def colors(*rows: tuple[float, float, float]) -> np.ndarray:
    """Plain images [N, 3, 8, 8]."""
    return np.broadcast_to(np.array(rows, np.float32)[:, :, None, None], (len(rows), 3, 8, 8)).copy()


def altered(artifact: Artifact, kind: str, **changes: Any) -> Artifact:
    """The artifact with changes to its only input or output."""
    return artifact.model_copy(update={kind: (getattr(artifact, kind)[0].model_copy(update=changes),)})


def test_outputs_are_the_models_numbers_by_name(engine: Engine) -> None:
    outputs = engine.infer({"images": colors((0.5, 0.25, 0.125), (0, 1, -2))})
    assert list(outputs) == ["logits"]
    assert outputs["logits"].dtype == np.float32
    assert outputs["logits"].tolist() == [[5.0, 2.5, 1.25], [0.0, 10.0, -20.0]]


def test_its_own_format_is_read_with_the_weights_beside_it(artifact: Artifact, tmp_path: Path) -> None:
    ov.save_model(ov.convert_model(write_classifier(tmp_path / "c.onnx")), tmp_path / "model.xml")
    there = artifact.model_copy(update={"file": "model.xml", "companions": ("model.bin",)})
    opened = load_engine(there, tmp_path, OPTIONS)
    assert opened.infer({"images": colors((1, 0.5, 0))})["logits"].tolist() == [[10.0, 5.0, 0.0]]
    (tmp_path / "model.bin").unlink()
    with pytest.raises(EngineError) as caught:
        load_engine(there, tmp_path, OPTIONS)
    assert caught.value.got == "Empty weights data in bin file or bin file cannot be found!"


def test_a_signal_after_a_model_was_closed_elsewhere_is_handled(bundle: Bundle) -> None:
    code = f"""
import gc, signal, threading
from inference_core.bundle import open_bundle
from inference_core.engines import EngineOptions
from inference_core.engines.openvino import OpenVinoEngine

bundle = open_bundle({str(bundle.directory)!r})
artifact = bundle.artifact().model_copy(update={{"engine": "openvino"}})
engine = OpenVinoEngine.load(artifact, bundle.directory, EngineOptions(threads=1))
engine.warm_up()
held = [engine]
del engine
closing = threading.Thread(target=lambda: (held.pop().close(), gc.collect()))
closing.start()
closing.join()
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n"), done.stderr


def test_the_description_says_what_runs(bundle: Bundle, artifact: Artifact) -> None:
    engine = load_engine(artifact, bundle.directory, EngineOptions(threads=2, instances=2))
    assert engine.describe() == EngineDescription(
        engine="openvino",
        version=ov.__version__.split("-")[0],
        device="cpu",
        providers=(),
        precision="fp32",
        threads=2,
        instances=2,
    )
    assert engine.describe().version.replace(".", "").isdigit()


@pytest.mark.parametrize("instances", [1, 2])
def test_callers_do_not_see_each_others_numbers(bundle: Bundle, artifact: Artifact, instances: int) -> None:
    engine = load_engine(artifact, bundle.directory, EngineOptions(threads=1, instances=instances))

    def asked(value: int) -> list[np.ndarray]:
        return [engine.infer({"images": colors((value, -value, 0.5))})["logits"] for _ in range(20)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(asked, range(32)))
    for value, answer in enumerate(answers):
        assert np.concatenate(answer).tolist() == [[10.0 * value, -10.0 * value, 5.0]] * 20


def test_inputs_may_lie_anywhere_and_are_left_alone(engine: Engine) -> None:
    image = colors((0.5, 0.25, 0.125))
    crooked = np.ascontiguousarray(image.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    frozen = image.copy()
    frozen.flags.writeable = False
    for given in (crooked, frozen):
        assert engine.infer({"images": given})["logits"].tolist() == [[5.0, 2.5, 1.25]]
    assert np.array_equal(frozen, image)


@pytest.mark.parametrize("batch", ["batch", BucketedAxis(sizes=(1, 4))])
def test_it_answers_after_warming_up(bundle: Bundle, artifact: Artifact, batch: Any) -> None:
    there = altered(artifact, "inputs", shape=(batch, 3, 8, 8))
    engine = load_engine(there, bundle.directory, EngineOptions(threads=1, instances=2))
    engine.warm_up()
    assert engine.infer({"images": colors((1, 0, 0))})["logits"].tolist() == [[10.0, 0.0, 0.0]]
    engine.close()


def test_nothing_runs_once_the_deadline_has_passed(engine: Engine) -> None:
    image = {"images": colors((1, 0, 0))}
    with pytest.raises(DeadlineError, match="the deadline passed before inference began"):
        engine.infer(image, deadline=time.monotonic())
    assert engine.infer(image, deadline=time.monotonic() + 60)["logits"].tolist() == [[10.0, 0.0, 0.0]]


def test_a_caller_that_waits_too_long_is_told(engine: Any) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with engine._requests.lend(None):
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with pytest.raises(DeadlineError):
        engine.infer({"images": colors((1, 0, 0))}, deadline=time.monotonic() + 0.05)
    done.set()
    holder.join()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"images": np.zeros((1, 8, 8, 3), np.float32)}, "input images does not fit the model"),
        ({"images": np.zeros((1, 3, 8, 8), np.float64)}, "input images does not fit the model"),
        ({"pixels": np.zeros((1, 3, 8, 8), np.float32)}, "the inputs are not those of the model"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(engine: Engine, inputs: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.infer(inputs)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("file", "content", "got"),
    [("model.onnx", None, "Could not open the file"), ("model.xml", b"<net/>", "Unable to read the model")],
)
def test_a_file_that_is_no_model_is_refused(
    artifact: Artifact, tmp_path: Path, file: str, content: bytes | None, got: str
) -> None:
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(EngineError) as caught:
        load_engine(artifact.model_copy(update={"file": file}), tmp_path, OPTIONS)
    error = caught.value
    assert error.message == f"openvino {ov.__version__.split('-')[0]} cannot load {file}"
    assert error.got is not None and got in error.got and "\n" not in error.got


@pytest.mark.parametrize(
    ("kind", "native", "got"), [("inputs", "pixels", "images"), ("outputs", "probabilities", "logits, means")]
)
def test_an_artifact_that_names_absent_tensors_is_refused(
    bundle: Bundle, artifact: Artifact, kind: str, native: str, got: str
) -> None:
    with pytest.raises(EngineError) as caught:
        load_engine(altered(artifact, kind, native=native), bundle.directory, OPTIONS)
    assert (caught.value.message, caught.value.got) == (f"model.onnx has no {kind[:-1]} {native}", got)


def test_tensors_go_by_the_artifacts_names_where_the_graphs_differ(bundle: Bundle, artifact: Artifact) -> None:
    renamed = altered(artifact, "inputs", name="picture", native="images")
    renamed = altered(renamed, "outputs", name="scores", native="logits")
    outputs = load_engine(renamed, bundle.directory, OPTIONS).infer({"picture": colors((1, 0.5, 0))})
    assert {name: value.tolist() for name, value in outputs.items()} == {"scores": [[10.0, 5.0, 0.0]]}


def test_a_failure_of_the_model_is_an_engine_error(artifact: Artifact, tmp_path: Path) -> None:
    write_classifier(tmp_path / "model.onnx", batch=1)
    engine = load_engine(artifact, tmp_path, OPTIONS)
    with pytest.raises(EngineError) as caught:
        engine.infer({"images": colors((1, 0, 0), (0, 1, 0))})
    assert caught.value.message == "openvino failed while running model.onnx"
    assert caught.value.got is not None and "shape=[1,3,8,8]" in caught.value.got
    assert engine.infer({"images": colors((1, 0, 0))})["logits"].tolist() == [[10.0, 0.0, 0.0]]


@pytest.mark.parametrize(("device", "kind"), [("cuda:1", MissingDependencyError), ("tpu", EngineError)])
def test_a_device_other_than_the_cpu_is_refused(
    bundle: Bundle, artifact: Artifact, device: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=f"{device}\n.*\n.*SATCHEL_DEVICE") as caught:
        load_engine(artifact, bundle.directory, EngineOptions(threads=1, device=device))
    assert type(caught.value) is kind


@needs_assets
def test_a_real_detector_answers_as_onnxruntime_does() -> None:
    shape = [{"name": "images", "dtype": "float32", "shape": [1, 3, 416, 416]}]
    outputs = [{"name": "output", "dtype": "float32", "shape": [1, 3549, 85]}]
    image = np.random.default_rng(1).integers(0, 256, (1, 3, 416, 416)).astype(np.float32)
    answers = []
    for engine in ("onnxruntime", "openvino"):
        facts = {"engine": engine, "precision": "fp32", "file": "yolox_nano.onnx", "inputs": shape, "outputs": outputs}
        artifact = Artifact.model_validate_json(json.dumps(facts))
        opened = load_engine(artifact, ASSETS / "models" / "yolox_nano", EngineOptions(threads=2))
        answers.append(opened.infer({"images": image})["output"].astype(float))
    assert answers[0].std() > 0.1
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-3)
