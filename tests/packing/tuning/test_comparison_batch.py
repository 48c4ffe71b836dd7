"""Whether a picture's answers depend on those it is batched with; the variants here run in this process."""

from dataclasses import replace
from pathlib import Path

from inference_core.engines import EngineOptions
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from tests.models import CLASSIFIER_RECIPE, write_classifier
from tests.packing.tuning.mixing import write_mixing
from tests.packing.tuning.test_comparison import compare, drafted


def judged(folder: Path, graph: ModelGraph, usual: float = 0.0) -> str | None:
    """What keeps `graph` from being run on two pictures at once: on a red and a blue one."""
    folder.mkdir(exist_ok=True)
    comparison = compare(folder, graph, drafted(folder, graph, CLASSIFIER_RECIPE, "red\ngreen\nblue\n"))
    comparison._sampled = list(comparison._pictures)
    with comparison.open(graph, EngineOptions(threads=1)) as process:
        return comparison.judge_batch(graph, process, 2, usual)


def test_the_tensor_of_the_images_is_known(tmp_path: Path) -> None:
    graph = inspect_onnx(write_classifier(tmp_path / "sound.onnx"))
    comparison = compare(tmp_path, graph, drafted(tmp_path, graph, CLASSIFIER_RECIPE, "red\ngreen\nblue\n"))
    assert comparison.input(graph).shape == ("batch", 3, 8, 8)


def test_a_sound_model_may_be_batched(tmp_path: Path) -> None:
    assert judged(tmp_path, inspect_onnx(write_classifier(tmp_path / "sound.onnx"))) is None


def test_a_model_that_mixes_rows_must_not_be_batched(tmp_path: Path) -> None:
    graph = inspect_onnx(write_mixing(tmp_path / "mixing.onnx", "mean"))
    assert judged(tmp_path, graph) == "output logits differs by 0.056 of its largest value in a batch"


def test_a_reduced_precision_may_round_otherwise_in_a_batch(tmp_path: Path) -> None:
    graph = replace(inspect_onnx(write_mixing(tmp_path / "mixing.onnx", "mean")), precision="bf16")
    assert judged(tmp_path / "0", graph, usual=0.05) == "output logits differs by 0.056 of its largest value in a batch"
    assert judged(tmp_path / "1", graph, usual=0.06) is None


def test_whatever_the_precision_answers_in_a_batch_are_the_same(tmp_path: Path) -> None:
    """Each picture is given the red one's."""
    graph = replace(inspect_onnx(write_mixing(tmp_path / "mixing.onnx", "first")), precision="int8")
    assert judged(tmp_path / "0", graph, usual=2.0) == "only a picture alone finds blue 0.576 on blue.png"
