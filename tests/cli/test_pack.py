"""`satchel pack`."""

import shutil
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle
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
    assert answer.err == f"error: {tmp_path / 'none.png'} cannot be used\n  got: No such file or directory\n"


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
