"""`satchel slim`."""

import json
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle, write_bundle
from tests.cli.conftest import Command


@pytest.fixture
def bundle(tiny_models: Path, tmp_path: Path) -> Path:
    """The tiny classifier once more, as if for another engine, with a file of 20 kB."""
    original = tiny_models / "tiny_classifier"
    facts = json.loads((original / "bundle.json").read_text())
    facts.pop("files")
    facts["artifacts"] += [{**facts["artifacts"][0], "engine": "openvino", "precision": "int8", "file": "model.xml"}]
    (tmp_path / "model.xml").write_bytes(b"x" * 20_000)
    write_bundle(
        facts, {"model.onnx": original / "model.onnx", "model.xml": tmp_path / "model.xml"}, tmp_path / "bundle"
    )
    return tmp_path / "bundle"


@pytest.mark.parametrize("name", ["slim", "slim.satchel"])
@pytest.mark.parametrize(
    ("keep", "kept", "files"),
    [
        ("onnxruntime", "onnxruntime:fp32, 0.00 MB", ["model.onnx"]),
        ("openvino:int8", "openvino:int8, 0.02 MB", ["model.xml"]),
        (
            " openvino, onnxruntime:fp32 ",
            "onnxruntime:fp32, openvino:int8, 0.02 MB",
            ["model.onnx", "model.xml"],
        ),
    ],
)
def test_what_is_left_is_said(
    satchel: Command, bundle: Path, tmp_path: Path, name: str, keep: str, kept: str, files: list[str]
) -> None:
    target = tmp_path / "a folder [b] with a rather long name, so that the line it is named on is long" / name
    target.parent.mkdir()
    answer = satchel("slim", bundle, "--keep", keep, "-o", target)
    assert (answer.code, answer.err, answer.out) == (0, "", f"{target}: {kept}\n")
    with open_bundle(target) as opened:
        assert sorted(opened.manifest.files) == files


@pytest.mark.parametrize("keep", ["onnxruntime,,openvino", ""])
def test_an_empty_name_is_refused(satchel: Command, bundle: Path, tmp_path: Path, keep: str) -> None:
    answer = satchel("slim", bundle, "--keep", keep, "-o", tmp_path / "slim")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: a list holds an empty name\n  got: {keep!r}\n")
    assert not (tmp_path / "slim").exists()


def test_what_the_bundle_lacks_is_named(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    answer = satchel("slim", bundle, "--keep", "openvino:fp32", "-o", tmp_path / "slim")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: bundle tiny_classifier has no artifact for engine openvino:fp32\n")


def test_an_existing_target_needs_force(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    arguments = ["slim", bundle, "--keep", "onnxruntime", "-o", tmp_path / "slim"]
    assert satchel(*arguments).code == 0
    refused = satchel(*arguments)
    assert (refused.code, refused.err.splitlines()[0]) == (1, f"error: {tmp_path / 'slim'} exists")
    assert satchel(*arguments, "--force").code == 0


@pytest.mark.parametrize("options", [[], ["--keep", "onnxruntime", "--without-files"]])
def test_what_to_keep_has_to_be_said(satchel: Command, bundle: Path, tmp_path: Path, options: list[str]) -> None:
    answer = satchel("slim", bundle, "-o", tmp_path / "slim", *options)
    assert (answer.code, answer.out) == (2, "")
    assert "--keep" in answer.err


def test_files_may_be_left_out_for_remote_mode(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    answer = satchel("slim", bundle, "--without-files", "-o", tmp_path / "thin")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{tmp_path / 'thin'}: for remote mode, without the models' files\n"
    assert [path.name for path in (tmp_path / "thin").iterdir()] == ["bundle.json"]
