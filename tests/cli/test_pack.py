"""`satchel pack`."""

import json
import shutil
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle
from inference_core.packing.tuning import batches, tune
from inference_core.packing.tuning.report import headline
from tests.cli.conftest import Command
from tests.pictures import plain


@pytest.fixture
def sources(tiny_models: Path, tmp_path: Path) -> list[object]:
    """A model with its recipe and labels, as arguments."""
    for name in ("classifier.onnx", "classifier.toml", "labels.txt"):
        shutil.copy(tiny_models.parent / name, tmp_path / name)
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    (tmp_path / "small.png").write_bytes(plain((255, 0, 0)))
    return [tmp_path / "classifier.onnx", "--recipe", tmp_path / "classifier.toml", "--image", tmp_path / "small.png"]


@pytest.mark.parametrize("name", ["out", "out.satchel"])
def test_what_was_packed_is_said_on_lines_of_their_own(
    satchel: Command, sources: list[object], tmp_path: Path, name: str
) -> None:
    picture, target = tmp_path / "a [b] picture with a rather long name, so that lines are long.png", tmp_path / name
    picture.write_bytes(plain((0, 0, 255)))
    answer = satchel("pack", *sources, "-o", target, "--image", picture)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        f"{target}: tiny_classifier 1, classification, 0.00 MB\n"
        f"  trial on small.png: red 1.00, green 0.00\n  trial on {picture.name}: blue 1.00, red 0.00\n"
    )
    with open_bundle(target) as bundle:
        assert bundle.manifest.name == "tiny_classifier"


def test_a_refusal_names_what_was_got_and_expected(satchel: Command, sources: list[object], tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("red\n")
    answer = satchel("pack", *sources, "-o", tmp_path / "out")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: the labels do not fit the model\n  got: 1 labels\n"
        "  expected: 3, one for each class that step softmax reads\n"
        "  remedy: give the label list the model was trained with\n"
    )
    assert not (tmp_path / "out").exists()


def test_an_existing_target_needs_force(satchel: Command, sources: list[object], tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert satchel("pack", *sources, "-o", target).code == 0
    (tmp_path / "mine.txt").write_text("r\ng\nb\n")
    again = [*sources, "-o", target, "--labels", tmp_path / "mine.txt"]
    refused = satchel("pack", *again)
    assert (refused.code, refused.err.splitlines()[0]) == (1, f"error: {target} exists")
    assert satchel("pack", *again, "--force").code == 0
    assert [label.name for label in open_bundle(target).manifest.labels] == ["r", "g", "b"]


def test_a_trial_picture_that_is_not_there_is_named(satchel: Command, sources: list[object], tmp_path: Path) -> None:
    answer = satchel("pack", *sources, "-o", tmp_path / "out", "--image", tmp_path / "none.png")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"error: {tmp_path / 'none.png'} cannot be used\n  got: No such file or directory\n"
        "  remedy: check the path, who may use it, and that there is room on its disk\n"
    )


def test_without_the_onnx_package_the_extra_is_named(
    satchel: Command, sources: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda package: None)
    answer = satchel("pack", *sources, "-o", tmp_path / "out")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: packing an ONNX model needs the package onnx, which is not installed\n"
        "  remedy: pip install 'satchel[pack]'\n"
    )


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that are as good as none, on two CPUs; a terminal as wide as the table."""
    monkeypatch.setattr(tune, "_SCREENING_SECONDS", 0.02)
    monkeypatch.setattr(tune, "_ROUND_SECONDS", 0.01)
    monkeypatch.setattr(batches, "_ROUND_SECONDS", 0.01)
    monkeypatch.setattr(tune, "available_cpus", lambda: 2)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_tuning_prints_the_table_and_what_was_picked(satchel: Command, sources: list[object], tmp_path: Path) -> None:
    answer = satchel(
        *("pack", *sources, "-o", tmp_path / "out", "--engines", " onnxruntime", "--precisions", "fp32,int8"),
        *("--tune", "latency", "--target-cpu", "avx2, made_up", "--max-drop", "0.25", "--images", tmp_path),
    )
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith(f"{tmp_path / 'out'}: tiny_classifier 1, classification, ")
    assert lines[1] == "  trial on small.png: red 1.00, green 0.00"
    assert " ".join(lines[2].split()) == "engine threads outcome metric p50 ms images/s batch MB"
    assert lines[3].split()[:4] == ["onnxruntime:fp32", "2", "x", "1"]
    assert lines[4].split()[:5] == ["onnxruntime:fp32", "2", "x", "1", "spin"]
    assert lines[5].split()[:4] == ["onnxruntime:fp32", "1", "x", "1"]
    assert {lines[3].split()[4], lines[4].split()[5], lines[5].split()[4]} <= {"picked", "fits"}
    with open_bundle(tmp_path / "out") as bundle:
        tuning = bundle.manifest.tuning
        assert bundle.manifest.artifacts[0].precision == "fp32"
    assert tuning is not None
    assert lines[-1] == headline(tuning)
    assert tuning.machine.instruction_sets == ("avx2", "made_up")
    assert (tuning.max_drop, tuning.images, tuning.dataset) == (0.25, 2, tmp_path.name)


@pytest.mark.slow
@pytest.mark.usefixtures("brief")
def test_why_a_variant_was_not_taken_is_told_below_the_table(
    satchel: Command, sources: list[object], tmp_path: Path
) -> None:
    answer = satchel(
        *("pack", *sources, "-o", tmp_path / "out", "--engines", "onnxruntime", "--precisions", "fp32,int8"),
        *("--tune", "throughput"),
    )
    assert answer.code == 0
    *_, reason, picked = answer.out.splitlines()
    assert reason == "onnxruntime int8: the model has nothing to quantize: Flatten, GlobalAveragePool, Mul"
    assert picked.startswith("Picked onnxruntime:fp32 on ")


@pytest.mark.parametrize("option", ["--engines", "--precisions", "--keep", "--target-cpu"])
@pytest.mark.parametrize("names", ["a,,b", "", "fp32,", " "])
def test_an_empty_name_in_a_list_is_refused(
    satchel: Command, sources: list[object], tmp_path: Path, option: str, names: str
) -> None:
    answer = satchel("pack", *sources, "-o", tmp_path / "out", option, names)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"error: a list holds an empty name\n  got: {names!r}\n  expected: names separated by commas\n"
    )


def test_a_name_that_is_no_engine_is_refused(satchel: Command, sources: list[object], tmp_path: Path) -> None:
    answer = satchel("pack", *sources, "-o", tmp_path / "out", "--engines", "onnxruntime,tensorrt")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: engine tensorrt cannot be had from this model\n  got: a model for onnxruntime in fp32\n"
        "  expected: some of onnxruntime, openvino\n  remedy: correct --engines, or pack the model it was made of\n"
    )


@pytest.mark.parametrize("option", [["--tune", "size"], ["--max-drop", "1.5"], ["--budget-mb", "-1"]])
def test_values_out_of_range_are_wrong_usage(
    satchel: Command, sources: list[object], tmp_path: Path, option: list[str]
) -> None:
    answer = satchel("pack", *sources, "-o", tmp_path / "out", *option)
    assert (answer.code, answer.out) == (2, "")
    assert option[0] in answer.err


def test_without_a_recipe_only_a_model_folder_is_packed(
    satchel: Command, sources: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = satchel("pack", sources[0], "-o", tmp_path / "out")
    assert (answer.code, answer.err.splitlines()[0]) == (1, f"error: {sources[0]} comes without a recipe")
    folder = tmp_path / "Chairs"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(FOLDER))
    (folder / "frozen_inference_graph.pb").write_bytes(b"\x0a")
    (folder / "object-detection.pbtxt").write_text("item { id: 1 name: 'chair' }\n")
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda package: None)
    answer = satchel("pack", folder, "-o", tmp_path / "out")
    assert (answer.code, answer.err) == (
        1,
        "error: packing a TensorFlow model needs the package tensorflow, which is not installed\n"
        "  remedy: pip install 'satchel[pack-tf]'\n",
    )


FOLDER = {
    "inference_engine_name": "tensorflow_detection",
    "confidence": 60,
    "predictions": 15,
    "number_of_classes": 1,
    "framework": "tensorflow",
    "type": "detection",
    "network": "inception",
}
