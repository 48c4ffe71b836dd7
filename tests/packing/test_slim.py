"""Bundles with fewer artifacts."""

import json
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle, write_bundle
from inference_core.errors import BundleError, NotFoundError, PackError
from inference_core.packing.slim import slim_bundle, thin_bundle
from tests.models import pack_classifier


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The tiny classifier for three engines, two of which share a file, one being a directory."""
    facts = json.loads((pack_classifier(tmp_path) / "bundle.json").read_text())
    facts.pop("files")
    [artifact] = facts["artifacts"]
    facts["artifacts"] = [
        artifact | {"companions": ["shared.bin"]},
        artifact | {"engine": "openvino", "precision": "int8", "file": "model.xml", "companions": ["shared.bin"]},
        artifact | {"engine": "openvino", "precision": "fp32", "file": "other.xml"},
        artifact | {"engine": "tensorflow", "file": "saved_model"},
    ]
    names = ["model.onnx", "shared.bin", "model.xml", "other.xml", "saved_model/a", "saved_model/v/b", "tuning.md"]
    for name in names:
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    target = tmp_path / "three"
    write_bundle(facts, {name: tmp_path / "files" / name for name in names}, target)
    return target


def slim(path: Path, *keep: str) -> tuple[list[str], set[str]]:
    target = path.with_name("slim")
    with open_bundle(path) as opened:
        slim_bundle(opened, keep, target)
    with open_bundle(target) as opened:
        return [f"{a.engine}:{a.precision}" for a in opened.manifest.artifacts], set(opened.manifest.files)


def test_files_of_what_is_dropped_go_and_shared_ones_stay(bundle: Path) -> None:
    assert slim(bundle, "onnxruntime") == (["onnxruntime:fp32"], {"model.onnx", "shared.bin", "tuning.md"})


def test_a_directory_goes_whole(bundle: Path) -> None:
    assert slim(bundle, "tensorflow") == (["tensorflow:fp32"], {"saved_model/a", "saved_model/v/b", "tuning.md"})


def test_the_order_of_the_bundle_stays(bundle: Path) -> None:
    kept, _ = slim(bundle, "tensorflow", "openvino:fp32", "onnxruntime")
    assert kept == ["onnxruntime:fp32", "openvino:fp32", "tensorflow:fp32"]


def test_an_engine_alone_means_its_first_artifact(bundle: Path) -> None:
    assert slim(bundle, "openvino") == (["openvino:int8"], {"model.xml", "shared.bin", "tuning.md"})


def test_what_the_bundle_lacks_cannot_be_kept(bundle: Path) -> None:
    with pytest.raises(NotFoundError, match="no artifact for engine torchscript"):
        slim(bundle, "torchscript")
    assert not bundle.with_name("slim").exists()


def test_something_has_to_be_kept(bundle: Path) -> None:
    with pytest.raises(PackError, match="nothing is to be kept"):
        slim(bundle)


def test_without_files_the_manifest_stays_as_it_is(bundle: Path) -> None:
    target = bundle.with_name("thin")
    with open_bundle(bundle) as opened:
        thin_bundle(opened, target)
    assert {path.name for path in target.iterdir()} == {"bundle.json", "tuning.md"}
    with open_bundle(bundle) as whole, open_bundle(target, artifacts=False) as thin:
        assert thin.digest == whole.digest
    with pytest.raises(BundleError, match="missing"):
        open_bundle(target)


def test_without_files_it_is_a_directory(bundle: Path) -> None:
    with open_bundle(bundle) as opened, pytest.raises(BundleError, match="would not be whole"):
        thin_bundle(opened, bundle.with_name("thin.satchel"))


def test_without_files_an_existing_target_needs_force(bundle: Path) -> None:
    target = bundle.with_name("thin")
    with open_bundle(bundle) as opened:
        thin_bundle(opened, target)
        with pytest.raises(BundleError, match="exists"):
            thin_bundle(opened, target)
        thin_bundle(opened, target, force=True)
