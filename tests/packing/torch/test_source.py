"""PyTorch models exported to TorchScript, and what is refused."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from inference_core.bundle import Recipe
from inference_core.errors import PackError
from inference_core.packing.apart import run_apart
from inference_core.packing.recipe import read_recipe
from inference_core.packing.torch.source import inspect_torch, torchscript_to_onnx
from tests.packages import needs_torch, needs_torchscript
from tests.packing.bench import Bench
from tests.packing.torch.bench import MEANS, MODELS, folder, means, pixels, run, saved

pytestmark = [needs_torch, needs_torchscript]


@pytest.fixture
def recipe(bench: Bench) -> Recipe:
    """For pictures of 8 x 8, levels 0 to 1."""
    return read_recipe(str(bench.recipe))[0]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], str]:
    """Writes one of the files of `write_weights`."""

    def write_one(kind: str) -> str:
        run_apart(f"{MODELS}:write_weights", purpose="writing weights", folder=str(tmp_path), kind=kind)
        return str(tmp_path / kind)

    return write_one


@pytest.mark.parametrize("kind", ["state_dict.pth", "weights.safetensors"])
def test_a_factory_with_weights_becomes_an_archive(
    recipe: Recipe, tmp_path: Path, write: Callable[[str], str], kind: str
) -> None:
    if kind.endswith("safetensors"):
        pytest.importorskip("safetensors")
    graph = inspect_torch(MEANS, write(kind), recipe, tmp_path)
    assert (graph.engine, graph.file, graph.precision) == ("torchscript", "model.pt", "fp32")
    assert graph.inputs == [{"name": "images", "dtype": "float32", "shape": ["batch", 3, 8, 8]}]
    assert graph.outputs == [{"name": "output", "dtype": "float32", "shape": ["batch", 3]}]
    assert graph.provenance["libtorch"] == "2.13.0"
    assert graph.provenance["torch"].startswith("2.13.0")
    images = pixels(2, 3, 8, 8)
    np.testing.assert_allclose(run(graph, images)[0], means(images), rtol=1e-5)


def test_an_archive_does_not_tell_where_its_sources_were(recipe: Recipe, tmp_path: Path) -> None:
    graph = inspect_torch(MEANS, "own", recipe, tmp_path)
    with zipfile.ZipFile(graph.path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    assert any(name.startswith("model/code/") for name in records)
    assert not [name for name, content in records.items() if b"models.py" in content]


def test_nested_answers_get_the_names_of_their_places(recipe: Recipe, tmp_path: Path) -> None:
    graph = inspect_torch(f"{MODELS}:Several", "own", recipe, tmp_path)
    assert [(spec["name"], spec["native"], spec["shape"]) for spec in graph.outputs] == [
        ("parts.means", "0", ["batch", 3]),
        ("parts.rows", "1", ["batch", 3, 8]),
        ("twice.0", "2", ["batch", 3, 8]),
        ("twice.1", "3", ["batch", 3, 8]),
    ]
    onnx = torchscript_to_onnx(graph, folder(tmp_path / "onnx"), [tmp_path / "tensors" / "00000.npy"])
    images = pixels(2, 3, 8, 8)
    wanted = [images.mean((2, 3)), images.mean(3), images.mean(3), 2 * images.mean(3)]
    for made in (graph, onnx):
        for ours, theirs in zip(run(made, images), wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert [spec["name"] for spec in onnx.outputs] == ["parts.means", "parts.rows", "twice.0", "twice.1"]
    assert not any("native" in spec for spec in onnx.outputs)


def test_arguments_follow_the_name(recipe: Recipe, tmp_path: Path, write: Callable[[str], str]) -> None:
    graph = inspect_torch(f"{MEANS}?classes=5", write("wide.pth"), recipe, tmp_path)
    assert graph.outputs[0]["shape"] == ["batch", 5]


@pytest.mark.parametrize("dynamic", [True, False])
def test_a_program_of_torch_export_keeps_its_batch(recipe: Recipe, tmp_path: Path, dynamic: bool) -> None:
    path = tmp_path / "means.pt2"
    run_apart(f"{MODELS}:write_program", purpose="exporting", path=str(path), dynamic=dynamic)
    graph = inspect_torch(str(path), None, recipe, tmp_path)
    assert graph.inputs == [{"name": "pixels", "dtype": "float32", "shape": ["batch", 3, 8, 8]}]
    assert graph.outputs == [{"name": "output", "native": "0", "dtype": "float32", "shape": ["batch", 3]}]
    onnx = torchscript_to_onnx(graph, folder(tmp_path / "onnx"), [tmp_path / "tensors" / "00000.npy"])
    images = pixels(3, 3, 8, 8)
    for made in (graph, onnx):
        np.testing.assert_allclose(run(made, images)[0], means(images), rtol=1e-5)


@pytest.mark.slow
def test_a_detector_of_torchvision_answers_in_tensors(tmp_path: Path) -> None:
    recipe = detector_recipe(tmp_path, 'op = "resize_short"\nlength = 320\nlimit = 640', "fasterrcnn")
    name = "torchvision:fasterrcnn_mobilenet_v3_large_320_fpn?num_classes=5&box_score_thresh=0.0"
    graph = inspect_torch(name, "random", recipe, tmp_path)
    assert graph.inputs[0]["shape"] == [1, 3, "image_axis2", "image_axis3"]
    assert [(spec["name"], spec["shape"]) for spec in graph.outputs] == [
        ("boxes", [1, "detections", 4]),
        ("labels", [1, "detections"]),
        ("scores", [1, "detections"]),
    ]
    onnx = torchscript_to_onnx(graph, folder(tmp_path / "onnx"), [tmp_path / "tensors" / "00000.npy"])
    for size in ((320, 320), (320, 448)):
        images = pixels(1, 3, *size)
        ours, theirs = run(graph, images), run(onnx, images)
        boxes, labels, scores = ours
        assert boxes.shape == (1, len(scores[0]), 4) and 10 < len(scores[0]) <= 100
        assert labels.min() >= 1 and labels.max() <= 4
        assert boxes.min() >= 0 and boxes[..., 0::2].max() <= size[1] and boxes[..., 1::2].max() <= size[0]
        np.testing.assert_allclose(theirs[2], scores, atol=1e-4)
        nearest = np.abs(boxes[0][:, None] - theirs[0][0][None]).max(2).min(1)
        assert np.median(nearest) < 0.01  # near ties of random weights may fall otherwise


def detector_recipe(folder: Path, resize: str, stem: str) -> Recipe:
    """The zoo's Faster R-CNN recipe with another resize step."""
    from inference_core.zoo import recipe_path

    text = recipe_path("fasterrcnn_resnet50_fpn_v2").read_text()
    old = 'op = "resize_short"\nlength = 800\nlimit = 1333'
    assert text.count(old) == 1
    path = folder / f"{stem}.toml"
    path.write_text(text.replace(old, resize))
    return read_recipe(str(path))[0]


REFUSED: list[tuple[str, str | None, str, str | None]] = [
    (MEANS, None, "is given without weights", None),
    (MEANS, "there/is/none.pth", "there is no weights file", None),
    (MEANS, "other.pth", "does not fit the model", "missing mix.weight; unexpected head.weight; mix.bias"),
    (MEANS, "wide.pth", "does not fit the model", "size mismatch for mix.weight"),
    (MEANS, "checkpoint.pth", "is not a state_dict", "a checkpoint with epoch, state_dict"),
    (MEANS, "model.pth", "which can run any code", f"{MODELS}.Means"),
    (MEANS, "archive.pth", "cannot be read as weights", None),
    ("no_such_module:build", "own", "cannot be imported", "ModuleNotFoundError: No module named 'no_such_module'"),
    (f"{MODELS}:Nothing", "own", "cannot be imported", "AttributeError"),
    (f"{MODELS}:not_a_model", "own", "does not return a torch.nn.Module", "str"),
    (f"{MEANS}?depth=3", "own", "cannot build the model", "unexpected keyword argument 'depth'"),
    (f"{MODELS}:Flat", "own", "cannot be run on float32 [1, 3, 8, 8]", "RuntimeError: mat1 and mat2 shapes"),
    (f"{MODELS}:Text", "own", "output what.0 of the model is not a tensor", "str"),
    ("torchvision:resnet18", "own", "there is no weights file own", None),
    ("torchvision:resnet19", "random", "has no model resnet19", None),
]


@pytest.mark.parametrize(("model", "weights", "message", "got"), REFUSED)
def test_what_cannot_be_exported_is_refused(
    recipe: Recipe,
    tmp_path: Path,
    write: Callable[[str], str],
    model: str,
    weights: str | None,
    message: str,
    got: str | None,
) -> None:
    file = write(weights) if weights and weights.endswith(".pth") and "/" not in weights else weights
    with pytest.raises(PackError) as caught:
        inspect_torch(model, file, recipe, tmp_path)
    assert message in caught.value.message
    assert got is None or got in str(caught.value.got)
    assert caught.value.remedy
    assert not (tmp_path / "model.pt").exists()


def test_a_model_like_the_one_asked_for_is_named(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        inspect_torch("torchvision:resnet_50", "random", recipe, tmp_path)
    assert "resnet50" in str(caught.value.expected)


def test_a_forward_that_decides_by_values_is_found_out(tmp_path: Path) -> None:
    dark_first = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (1, 3, 8, 1))
    tensors = [saved(tmp_path / f"{i}.npy", value) for i, value in enumerate((dark_first, dark_first[..., ::-1]))]
    with pytest.raises(PackError) as caught:
        run_apart(
            "inference_core.packing.torch.job:export_model",
            purpose="exporting",
            model=f"{MODELS}:Moody",
            weights="own",
            tensors=[str(path) for path in tensors],
            archive=str(tmp_path / "m.pt"),
        )
    assert "gives another output for picture 2, float32 [1, 3, 8, 8]" in caught.value.message
    assert caught.value.got == "a difference of 0.5, the largest value being 0.5"


def test_modules_of_the_current_directory_are_found(recipe: Recipe, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from torch import nn\ndef build():\n    return nn.Identity()\n")
    script = (
        "import sys\nfrom pathlib import Path\nfrom inference_core.packing.recipe import read_recipe\n"
        "from inference_core.packing.torch.source import inspect_torch\n"
        "print(inspect_torch('mine:build', 'own', read_recipe(sys.argv[1])[0], Path()).outputs[0]['shape'])\n"
    )
    command = [sys.executable, "-c", script, str(bench.recipe)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['batch', 3, 8, 8]\n", "")
