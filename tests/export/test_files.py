"""Copies of an artifact's files."""

from pathlib import Path

import pytest

from inference_core.errors import ExportError
from inference_core.export.files import copy_artifact
from tests.bundle.test_writer import tree
from tests.export.bundles import SAVED_MODEL, artifact, bundle


def test_companions_lie_beside_the_model_as_in_the_bundle(tmp_path: Path) -> None:
    first = artifact(file="fp32/model.onnx", companions=["fp32/data/weights.bin"])
    second = artifact("openvino", "model.xml")
    files = ["fp32/model.onnx", "fp32/data/weights.bin", "model.xml"]
    opened = bundle(tmp_path, first, second, files=files)
    assert copy_artifact(opened, opened.artifact(), tmp_path / "copy") == "model.onnx"
    assert tree(tmp_path / "copy") == {
        "model.onnx": b"fp32/model.onnx",
        "data/weights.bin": b"fp32/data/weights.bin",
    }


def test_a_directory_is_copied_whole(tmp_path: Path) -> None:
    opened = bundle(tmp_path, artifact("tensorflow", "saved"), files=SAVED_MODEL)
    assert copy_artifact(opened, opened.artifact(), tmp_path / "copy") == "saved"
    assert tree(tmp_path / "copy") == {name: name.encode() for name in SAVED_MODEL}


def test_a_companion_elsewhere_is_refused(tmp_path: Path) -> None:
    lost = artifact(file="fp32/model.onnx", companions=["other/weights.bin"])
    opened = bundle(tmp_path, lost, files=["fp32/model.onnx", "other/weights.bin"])
    with pytest.raises(ExportError, match=r"^fp32/model\.onnx needs other/weights\.bin, which does not lie beside it"):
        copy_artifact(opened, opened.artifact(), tmp_path / "copy")
