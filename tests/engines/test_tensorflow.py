"""The TensorFlow engine on tiny models, and on a real one."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.errors import DeadlineError, EngineError, MissingDependencyError
from inference_core.packing.apart import Apart, run_apart
from tests.assets import ASSETS, BEAR, needs_assets
from tests.packages import needs_tensorflow

pytestmark = needs_tensorflow

RED_AND_OTHERS = [[1.0, 0.0, 0.0], [0.5, -0.25, 2.0]]
LOGITS = [[10.0, 0.0, 0.0], [5.0, -2.5, 20.0]]
KINDS = ["frozen.pb", "saved_model", "tables", "other", "model.tflite"]


def facts(file: str, **changes: Any) -> dict[str, Any]:
    """Of an artifact of the bench; a frozen graph has no signature to give its tensors other names."""
    native = ":0" if file.endswith(".pb") else ""
    image = {"name": "images", "native": f"images{native}", "dtype": "float32", "shape": ["batch", 8, 8, 3]}
    logits = {"name": "logits", "native": f"logits{native}", "dtype": "float32", "shape": ["batch", 3]}
    stated = {"engine": "tensorflow", "precision": "fp32", "file": file, "inputs": [image], "outputs": [logits]}
    return stated | changes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tensorflow")


@pytest.fixture(scope="module")
def bench(folder: Path) -> Iterator[Apart]:
    with Apart("tests.engines.tensorflow_bench:TensorFlowBench", purpose="the tests", folder=str(folder)) as process:
        yield process


@pytest.mark.parametrize("file", KINDS)
def test_outputs_are_the_models_numbers_by_name(bench: Apart, file: str) -> None:
    said = bench.call("open", artifact=facts(file), threads=1)["said"]
    assert said == []
    outputs = bench.call("infer", colors=RED_AND_OTHERS)
    assert list(outputs) == ["logits"]
    kind, values = outputs["logits"]
    assert kind == "float32"
    np.testing.assert_allclose(values, LOGITS, rtol=1e-6)
    assert bench.call("infer", colors=[[1, 0, 0]])["logits"] == ["float32", [[10.0, 0.0, 0.0]]]
    bench.call("close")


@pytest.mark.parametrize(("file", "native"), [("saved_model", "serving_default_images:0"), ("frozen.pb", "images:0")])
def test_tensors_may_go_by_their_names_in_the_graph(bench: Apart, file: str, native: str) -> None:
    pixels = {"name": "pixels", "native": native, "dtype": "float32", "shape": ["batch", 8, 8, 3]}
    bench.call("open", artifact=facts(file, inputs=[pixels]), threads=1)
    assert bench.call("infer", colors=[[0, 1, 0]], name="pixels")["logits"][1] == [[0.0, 10.0, 0.0]]


@pytest.mark.parametrize(("threads", "instances", "sessions"), [(1, 3, 1), (2, 1, 1), (2, 3, 3)])
def test_each_session_has_the_threads_asked_for(bench: Apart, threads: int, instances: int, sessions: int) -> None:
    described = bench.call("open", artifact=facts("frozen.pb"), threads=threads, instances=instances)
    assert [session["threads"] for session in bench.call("sessions")] == [threads] * sessions
    assert (described["threads"], described["instances"]) == (threads, instances)


def test_variables_become_constants_but_tables_stay(bench: Apart) -> None:
    bench.call("open", artifact=facts("saved_model"), threads=1)
    assert "VarHandleOp" not in bench.call("sessions")[0]["operations"]
    bench.call("open", artifact=facts("tables"), threads=1)
    assert "HashTableV2" in bench.call("sessions")[0]["operations"]


@pytest.mark.parametrize("file", ["frozen.pb", "saved_model", "model.tflite"])
@pytest.mark.parametrize(("threads", "instances"), [(1, 1), (1, 4), (2, 2)])
def test_callers_do_not_see_each_others_numbers(bench: Apart, file: str, threads: int, instances: int) -> None:
    bench.call("open", artifact=facts(file), threads=threads, instances=instances)
    assert bench.call("crowd", callers=8) == [True] * 32


def test_the_description_says_what_runs(bench: Apart) -> None:
    described = bench.call("open", artifact=facts("frozen.pb"), threads=2)
    assert (described["engine"], described["device"], described["precision"]) == ("tensorflow", "cpu", "fp32")
    assert (described["version"][:2], described["providers"], described["notes"]) == ("2.", [], [])
    lite = bench.call("open", artifact=facts("model.tflite", precision="int8"), threads=2)
    assert (lite["version"], lite["precision"]) == (version("ai-edge-litert"), "int8")
    assert lite["notes"] == ["the version is that of LiteRT, which runs .tflite files"]


def test_a_lite_file_runs_without_tensorflow(bench: Apart, folder: Path) -> None:
    artifact = facts("model.tflite")
    answer = run_apart("tests.engines.lite_bench:red", purpose="a test", folder=str(folder), artifact=artifact)
    assert answer == {"logits": [[10.0, 0.0, 0.0]], "imported": False}


@pytest.mark.parametrize("file", ["frozen.pb", "model.tflite"])
def test_nothing_runs_once_the_deadline_has_passed(bench: Apart, file: str) -> None:
    bench.call("open", artifact=facts(file), threads=1)
    with pytest.raises(DeadlineError, match="the deadline passed before inference began"):
        bench.call("infer", colors=[[1, 0, 0]], allowed=0)
    assert bench.call("infer", colors=[[1, 0, 0]], allowed=60)["logits"][1] == [[10.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colors": [[1, 0]]}, "input images does not fit the model"),
        ({"colors": [[1, 0, 0]], "dtype": "uint8"}, "input images does not fit the model"),
        ({"colors": [[1, 0, 0]], "name": "pixels"}, "the inputs are not those of the model"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(bench: Apart, given: dict[str, Any], message: str) -> None:
    bench.call("open", artifact=facts("frozen.pb"), threads=1)
    with pytest.raises(EngineError) as caught:
        bench.call("infer", **given)
    assert caught.value.message == message


@pytest.mark.parametrize("file", ["frozen.pb", "model.tflite"])
def test_a_failure_of_the_model_is_an_engine_error(bench: Apart, file: str) -> None:
    image = facts(file)["inputs"][0] | {"shape": ["batch", 8, 8, "colors"]}
    bench.call("open", artifact=facts(file, inputs=[image]), threads=1)
    with pytest.raises(EngineError) as caught:
        bench.call("infer", colors=[[1, 0]])
    assert caught.value.message == f"tensorflow failed while running {file}"
    assert caught.value.got is not None and "\n" not in caught.value.got


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
@pytest.mark.parametrize("file", ["frozen.pb", "saved_model", "model.tflite"])
def test_an_artifact_that_names_absent_tensors_is_refused(bench: Apart, file: str, kind: str) -> None:
    tensor = facts(file)[kind][0] | {"native": "absent:0"}
    with pytest.raises(EngineError) as caught:
        bench.call("open", artifact=facts(file, **{kind: [tensor]}), threads=1)
    assert caught.value.message == f"{file} has no {kind[:-1]} absent:0"
    assert file == "model.tflite" or "images:0" in str(caught.value.got)


@pytest.mark.parametrize("file", ["absent.pb", "absent_directory", "absent.tflite", "text.pb", "text.tflite", "empty"])
def test_a_file_that_is_no_model_is_refused(bench: Apart, folder: Path, file: str) -> None:
    (folder / "empty").mkdir(exist_ok=True)
    for name in ("text.pb", "text.tflite"):
        (folder / name).write_text("not a model")
    with pytest.raises(EngineError) as caught:
        bench.call("open", artifact=facts(file), threads=1)
    assert caught.value.message == f"tensorflow cannot load {file}"
    assert caught.value.got


def test_a_saved_model_with_several_signatures_is_refused(bench: Apart) -> None:
    with pytest.raises(EngineError) as caught:
        bench.call("open", artifact=facts("several"), threads=1)
    assert caught.value.message == "several has no signature serving_default"
    assert (caught.value.got, caught.value.expected) == ("mine, yours", "serving_default, or a single one")


@pytest.mark.parametrize("file", ["frozen.pb", "saved_model", "model.tflite"])
def test_a_precision_that_it_does_not_run_is_refused(bench: Apart, file: str) -> None:
    with pytest.raises(EngineError) as caught:
        bench.call("open", artifact=facts(file, precision="bf16"), threads=1)
    assert caught.value.message == f"tensorflow does not run {file} in bf16"
    assert caught.value.expected == ("fp32, fp16, int8" if file == "model.tflite" else "fp32")


@pytest.mark.parametrize("file", ["frozen.pb", "model.tflite"])
@pytest.mark.parametrize(("device", "kind"), [("cuda:64", MissingDependencyError), ("tpu", EngineError)])
def test_a_device_that_is_not_there_is_refused(bench: Apart, file: str, device: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=device) as caught:
        bench.call("open", artifact=facts(file), threads=1, device=device)
    assert type(caught.value) is kind


@needs_assets
@pytest.mark.parametrize("file", ["frozen_inference_graph.pb", "saved_model"])
def test_a_real_detector_finds_the_bear(bench: Apart, tmp_path: Path, file: str) -> None:
    np.save(tmp_path / "bear.npy", np.asarray(Image.open(BEAR).convert("RGB"))[None])
    found = bench.call(
        "detect", folder=str(ASSETS / "models" / "ssd_mobilenet_v1"), file=file, image=str(tmp_path / "bear.npy")
    )
    assert found["class"] == 23
    assert found["score"] == pytest.approx(0.78, abs=0.01)
