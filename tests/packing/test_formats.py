"""What a file holds decides how it is read, not its name."""

import pickle
import zipfile
from collections.abc import Callable
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


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"any")
    return path


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


KINDS: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "frozen graph": (lambda f: written(f / "m.onnx", b"\x0a\x20node"), "tensorflow", "TensorFlow", "pack-tf"),
    "lite": (lambda f: written(f / "m.pb", b"\x1c\0\0\0TFL3rest"), "tensorflow", "TensorFlow", "pack-tf"),
    "saved model": (lambda f: written(f / "d" / "saved_model.pb", b"").parent, "tensorflow", "TensorFlow", "pack-tf"),
    "its file": (lambda f: written(f / "d" / "saved_model.pb", b""), "tensorflow", "TensorFlow", "pack-tf"),
    "export": (lambda f: zipped(f / "m", "m/archive_format", "m/data.pkl"), "torch", "PyTorch", "pack-torch"),
    "torchvision": (lambda f: "torchvision:resnet50", "torch", "PyTorch", "pack-torch"),
    "with options": (lambda f: "torchvision:ssd300_vgg16?a=1&b=0.5", "torch", "PyTorch", "pack-torch"),
    "factory": (lambda f: "my_models.nets:Net.small", "torch", "PyTorch", "pack-torch"),
    "archive": (lambda f: zipped(f / "m", "m/code/x.py"), "satchel_torchscript", "TorchScript archive", "torchscript"),
    "broken zip": (lambda f: written(f / "m", b"PK\x03\x04"), "satchel_torchscript", "TorchScript", "torchscript"),
    "onnx": (lambda f: write_classifier(f / "model.pb"), "onnx", "ONNX", "pack"),
}
"""A model of each kind; the package that reads it, for what, and the extra that brings it."""


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_package_a_kind_is_still_known(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make, package, purpose, extra = KINDS[kind]
    model = make(tmp_path)
    assert isinstance(model, str | Path)
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=f"{purpose}.* needs the package {package},") as caught:
        inspect_model(model, recipe, tmp_path)
    assert caught.value.remedy == f"pip install 'satchel[{extra}]'"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.h5", b"\x89HDF\r\n\x1a\n", "is a Keras"),
        ("model.keras", None, "is a Keras"),
        ("model.ckpt-1000.index", b"\0\0\0\0", "is a checkpoint"),
    ],
)
def test_weights_of_keras_and_checkpoints_are_named_as_what_they_are(
    recipe: Recipe, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is None:
        zipped(path, "config.json", "metadata.json", "model.weights.h5")
    else:
        path.write_bytes(content)
    with pytest.raises(PackError, match=message) as caught:
        inspect_model(path, recipe, tmp_path)
    assert str(path) in caught.value.message


def test_the_torch_reader_gets_name_and_weights(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: True)
    monkeypatch.setattr("inference_core.packing.torch.source.inspect_torch", lambda *given: asked.append(given))
    inspect_model("torchvision:resnet50?num_classes=7", recipe, tmp_path, weights="random")
    program = zipped(tmp_path / "m.pt2", "m/archive_format")
    inspect_model(program, recipe, tmp_path)
    assert asked == [
        ("torchvision:resnet50?num_classes=7", "random", recipe, tmp_path),
        (str(program), None, recipe, tmp_path),
    ]


def test_a_saved_model_is_its_directory_even_where_its_file_is_named(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(
        "inference_core.packing.tensorflow.graph.inspect_tensorflow", lambda path, *rest: asked.append(path)
    )
    file = written(tmp_path / "d" / "saved_model.pb", b"\x08\x01")
    inspect_model(file, recipe, tmp_path)
    inspect_model(file.parent, recipe, tmp_path)
    assert asked == [file.parent, file.parent]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_any_protocol_is_known(recipe: Recipe, tmp_path: Path, protocol: int) -> None:
    path = written(tmp_path / "model.pkl", pickle.dumps({"weights": [1.0, 2]}, protocol))
    with pytest.raises(PackError, match="is a pickle"):
        inspect_model(path, recipe, tmp_path)


def test_what_torch_saves_is_a_pickle_in_a_zip_file(recipe: Recipe, tmp_path: Path) -> None:
    path = zipped(tmp_path / "model.pt", "model/data.pkl", "model/data/0", "model/version")
    with pytest.raises(PackError, match="is a pickle") as caught:
        inspect_model(path, recipe, tmp_path)
    assert "a state_dict is given with --weights" in str(caught.value.remedy)


def test_weights_are_for_models_without(recipe: Recipe, tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "m.onnx")
    with pytest.raises(PackError) as caught:
        inspect_model(path, recipe, tmp_path, weights="w.pth")
    assert str(caught.value) == (
        f"{path} brings its own weights\n  got: --weights w.pth\n  remedy: leave --weights out, or name a factory"
    )
