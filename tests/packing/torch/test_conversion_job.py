"""TorchScript archives made into ONNX and bfloat16."""

import json
from pathlib import Path

import numpy as np
import pytest

from inference_core.bundle import Artifact, Recipe
from inference_core.engines import EngineOptions, load_engine
from inference_core.errors import PackError
from inference_core.packing.recipe import read_recipe
from inference_core.packing.torch.source import inspect_torch, round_torchscript, torchscript_to_onnx
from tests.archives import CLASSIFIER, write_archive
from tests.assets import ASSETS, needs_assets
from tests.packages import needs_bf16, needs_torch, needs_torchscript
from tests.packing.bench import Bench
from tests.packing.torch.bench import MEANS, folder, means, pixels, run, saved

pytestmark = [needs_torch, needs_torchscript]

SQUEEZENET = ASSETS / "models" / "squeezenet" / "squeezenet_v1.0_torchscript.pt"


@pytest.fixture
def recipe(bench: Bench) -> Recipe:
    """For pictures of 8 x 8, levels 0 to 1."""
    return read_recipe(str(bench.recipe))[0]


@needs_bf16
def test_a_model_of_torchvision_keeps_its_answers_in_onnx_and_bfloat16(tmp_path: Path) -> None:
    recipe, _ = read_recipe("mobilenet_v2")
    graph = inspect_torch("torchvision:mobilenet_v2?num_classes=7&width_mult=0.25", "random", recipe, tmp_path)
    assert [spec["shape"] for spec in (*graph.inputs, *graph.outputs)] == [["batch", 3, 224, 224], ["batch", 7]]
    assert "torchvision" in graph.provenance
    onnx = torchscript_to_onnx(graph, folder(tmp_path / "onnx"), [tmp_path / "tensors" / "00000.npy"])
    assert (onnx.engine, onnx.file, onnx.precision) == ("onnxruntime", "model.onnx", "fp32")
    assert (onnx.inputs, onnx.outputs) == (graph.inputs, graph.outputs)
    rounded = round_torchscript(graph, folder(tmp_path / "bf16"))
    assert (rounded.file, rounded.precision) == ("model.bf16.pt", "bf16")
    assert 0.4 < rounded.path.stat().st_size / graph.path.stat().st_size < 0.6
    images = np.concatenate([np.load(tmp_path / "tensors" / f"{i:05}.npy") for i in range(3)])
    [wanted], [in_onnx], [in_bf16] = run(graph, images), run(onnx, images), run(rounded, images)
    scale = float(np.abs(wanted).max())
    assert wanted.shape == (3, 7) and np.abs(wanted[0] - wanted[1]).max() > 1e-3 * scale
    assert np.abs(in_onnx - wanted).max() < 1e-5 * scale
    assert 0 < np.abs(in_bf16 - wanted).max() < 0.03 * scale


@needs_bf16
def test_a_rounded_archive_is_half_and_loads_as_bf16(recipe: Recipe, tmp_path: Path) -> None:
    graph = round_torchscript(inspect_torch(MEANS, "own", recipe, tmp_path), folder(tmp_path / "bf16"))
    facts = {"engine": graph.engine, "precision": graph.precision, "file": graph.file}
    artifact = Artifact.model_validate_json(json.dumps(facts | {"inputs": graph.inputs, "outputs": graph.outputs}))
    engine = load_engine(artifact, graph.path.parent, EngineOptions(threads=1))
    images = pixels(1, 3, 8, 8)
    answer = engine.infer({"images": images})["output"].astype(np.float64, casting="safe")
    engine.close()
    np.testing.assert_allclose(answer, means(images), rtol=0.02)


def test_an_operator_that_onnx_lacks_is_named(recipe: Recipe, tmp_path: Path) -> None:
    from inference_core.packing.torch.archive import inspect_torchscript

    forward = "def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  return torch.special_bessel_j0(x)\n"
    graph = inspect_torchscript(write_archive(tmp_path / "a.pt", forward), recipe, folder(tmp_path / "frozen"))
    with pytest.raises(PackError) as caught:
        torchscript_to_onnx(graph, tmp_path, [saved(tmp_path / "x.npy", pixels(1, 3, 8, 8))])
    assert "special_bessel_j0" in str(caught.value.got)


def test_an_archive_without_python_becomes_onnx(recipe: Recipe, tmp_path: Path) -> None:
    from inference_core.packing.torch.archive import inspect_torchscript

    graph = inspect_torchscript(write_archive(tmp_path / "a.pt", CLASSIFIER), recipe, folder(tmp_path / "frozen"))
    onnx = torchscript_to_onnx(graph, tmp_path, [saved(tmp_path / "x.npy", pixels(1, 3, 8, 8))])
    images = pixels(2, 3, 8, 8)
    np.testing.assert_allclose(run(onnx, images)[0], means(images), rtol=1e-5)


@needs_assets
@pytest.mark.assets
@needs_bf16
def test_squeezenet_answers_alike_in_onnx_and_in_bfloat16(tmp_path: Path) -> None:
    from inference_core.packing.torch.archive import inspect_torchscript, trial_tensors

    recipe, _ = read_recipe("squeezenet_v1_0")
    graph = inspect_torchscript(SQUEEZENET, recipe, tmp_path)
    tensors = trial_tensors(recipe)
    onnx = torchscript_to_onnx(graph, folder(tmp_path / "onnx"), [saved(tmp_path / "x.npy", tensors[0])])
    rounded = round_torchscript(graph, folder(tmp_path / "bf16"))
    images = np.concatenate(tensors)
    [wanted], [in_onnx], [in_bf16] = (run(made, images) for made in (graph, onnx, rounded))
    np.testing.assert_allclose(in_onnx, wanted, atol=1e-5)
    np.testing.assert_allclose(in_bf16, wanted, atol=0.05)
    assert (wanted.argsort(1)[:, -5:] == in_onnx.argsort(1)[:, -5:]).all()
    assert rounded.path.stat().st_size < 0.55 * graph.path.stat().st_size
