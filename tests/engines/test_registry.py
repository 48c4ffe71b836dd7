"""The table of engines."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import onnxruntime
import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.engines import EngineOptions, engine_versions, load_engine
from inference_core.engines.onnx_runtime import OnnxRuntimeEngine
from inference_core.errors import MissingDependencyError


@pytest.fixture
def bundle(tiny_models: Path) -> Bundle:
    return open_bundle(tiny_models / "tiny_classifier")


def test_an_artifact_is_opened_by_the_engine_it_names(bundle: Bundle) -> None:
    engine = load_engine(bundle.artifact(), bundle.directory, EngineOptions(threads=1))
    assert type(engine) is OnnxRuntimeEngine


def test_an_unknown_engine_is_refused_and_no_other_tried(bundle: Bundle) -> None:
    artifact = bundle.artifact().model_copy(update={"engine": "tensorrt"})
    with pytest.raises(MissingDependencyError) as caught:
        load_engine(artifact, bundle.directory, EngineOptions(threads=1))
    assert str(caught.value) == (
        "this version has no engine tensorrt\n  expected: one of onnxruntime, openvino, tensorflow, torchscript\n"
        "  remedy: upgrade satchel, or pack the model for one of these engines"
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda package: None)
    with pytest.raises(MissingDependencyError) as caught:
        load_engine(bundle.artifact(), bundle.directory, EngineOptions(threads=1))
    assert (caught.value.status, str(caught.value)) == (
        503,
        "engine onnxruntime needs the package onnxruntime, which is not installed\n"
        "  remedy: pip install 'satchel[onnx]'",
    )


def test_versions_are_those_of_the_installed_packages() -> None:
    assert engine_versions()["onnxruntime"] == onnxruntime.__version__


@pytest.mark.parametrize(
    ("installed", "expected"), [({"onnxruntime-gpu": "1.99.0"}, "1.99.0"), ({}, None), ({"onnx": "1.17"}, None)]
)
def test_a_package_may_come_from_its_gpu_distribution(
    installed: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(distribution: str) -> str:
        if distribution not in installed:
            raise PackageNotFoundError(distribution)
        return installed[distribution]

    monkeypatch.setattr("inference_core.engines.registry.version", version)
    others = dict.fromkeys(("openvino", "tensorflow", "torchscript"))
    assert engine_versions() == {"onnxruntime": expected} | others


@pytest.mark.parametrize(
    ("engine", "package", "extra"), [("openvino", "openvino", "openvino"), ("tensorflow", "tensorflow", "tf")]
)
def test_the_extra_of_each_engine_is_told(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, engine: str, package: str, extra: str
) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda package: None)
    artifact = bundle.artifact().model_copy(update={"engine": engine})
    with pytest.raises(MissingDependencyError) as caught:
        load_engine(artifact, bundle.directory, EngineOptions(threads=1))
    assert str(caught.value) == (
        f"engine {engine} needs the package {package}, which is not installed\n  remedy: pip install 'satchel[{extra}]'"
    )
