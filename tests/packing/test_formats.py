"""What a file holds decides how it is read, not its name."""

import pickle
from pathlib import Path

import pytest

from inference_core.bundle import Recipe
from inference_core.errors import MissingDependencyError, PackError
from inference_core.packing.formats import inspect_model
from inference_core.packing.recipe import read_recipe
from tests.archives import CLASSIFIER, write_archive
from tests.models import write_classifier
from tests.packing.bench import Bench


@pytest.fixture
def recipe(bench: Bench) -> Recipe:
    return read_recipe(str(bench.recipe))[0]


def test_an_onnx_model_of_any_name_is_one(recipe: Recipe, tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "model.pt")
    graph = inspect_model(path, recipe, tmp_path)
    assert (graph.engine, graph.file, graph.path) == ("onnxruntime", "model.onnx", path)


def test_an_archive_of_any_name_is_frozen_into_the_scratch_folder(recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("satchel_torchscript", reason="satchel_torchscript is not built: see scripts/torchscript.sh")
    (tmp_path / "scratch").mkdir()
    graph = inspect_model(write_archive(tmp_path / "m.onnx", CLASSIFIER), recipe, tmp_path / "scratch")
    assert (graph.engine, graph.file) == ("torchscript", "model.pt")
    assert graph.path == tmp_path / "scratch" / "model.pt"
    assert graph.path.is_file()


def test_a_pickle_is_refused_with_the_reason(recipe: Recipe, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"weights": [1.0]}))
    with pytest.raises(PackError, match="is a pickle, which can run any code when it is read"):
        inspect_model(path, recipe, tmp_path)


@pytest.mark.parametrize("name", ["nowhere.onnx", ""])
def test_a_model_that_is_not_there_is_refused(recipe: Recipe, tmp_path: Path, name: str) -> None:
    with pytest.raises(PackError) as caught:
        inspect_model(tmp_path / name, recipe, tmp_path)
    assert caught.value.message == f"there is no model {tmp_path / name}"


@pytest.mark.parametrize(
    ("package", "extra"), [("satchel_torchscript", "torchscript"), ("onnx", "pack")], ids=["archive", "onnx"]
)
def test_the_package_that_reads_a_kind_is_named(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, extra: str
) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    writers = {"satchel_torchscript": lambda path: write_archive(path, CLASSIFIER), "onnx": write_classifier}
    path = writers[package](tmp_path / "model")
    with pytest.raises(MissingDependencyError, match=f"needs the package {package}") as caught:
        inspect_model(path, recipe, tmp_path)
    assert caught.value.remedy == f"pip install 'satchel[{extra}]'"
