"""fp16 for GPUs: the same interface, half the weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from inference_core.errors import PackError
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.onnx.half import halve_onnx
from tests.assets import needs_assets
from tests.packing.onnx.convolutions import WEIGHTS, kinds, means, run_onnx, write_chain, write_tensors
from tests.zoo.conftest import model_file


def test_weights_are_halved_and_the_interface_stays(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    half = halve_onnx(graph, tmp_path)
    read = inspect_onnx(half.path)
    assert (half.file, half.precision, read.precision) == ("model.fp16.onnx", "fp16", "fp16")
    assert (read.inputs, read.outputs) == (graph.inputs, graph.outputs) == (half.inputs, half.outputs)
    assert kinds(half.path) == ["Cast", "Conv", "GlobalAveragePool", "Flatten", "Cast"]
    onnx.checker.check_model(str(half.path), full_check=True)
    [weights] = onnx.load(str(half.path)).graph.initializer
    assert np.array_equal(onnx.numpy_helper.to_array(weights)[:, :, 0, 0], WEIGHTS.astype(np.float16))
    tensor = np.load(tensors[0])
    assert run_onnx(half.path, tensor) == pytest.approx(means(tensor, WEIGHTS), rel=1e-2, abs=1e-3)


def test_a_node_with_weights_beyond_the_range_stays_in_float(tmp_path: Path) -> None:
    layers = (np.eye(3) * 1e-5, np.eye(3) * 1e5)
    graph, tensors = write_chain(tmp_path / "m.onnx", *layers), write_tensors(tmp_path)
    half = halve_onnx(graph, tmp_path)
    tensor = np.load(tensors[0])
    assert run_onnx(half.path, tensor) == pytest.approx(means(tensor, *layers), rel=2e-2)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    graph = write_chain(tmp_path / "m.onnx", WEIGHTS, WEIGHTS)
    assert halve_onnx(graph, tmp_path).path.read_bytes() == halve_onnx(graph, tmp_path).path.read_bytes()


def test_a_model_that_is_not_in_float32_is_refused(tmp_path: Path) -> None:
    graph = replace(write_chain(tmp_path / "m.onnx", WEIGHTS), precision="fp16")
    with pytest.raises(PackError) as caught:
        halve_onnx(graph, tmp_path)
    assert (caught.value.message, caught.value.got) == ("m.onnx cannot be converted to fp16", "a model in fp16")


@needs_assets
@pytest.mark.assets
@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet_v1_0"])
def test_a_real_model_answers_alike(name: str, tmp_path: Path) -> None:
    graph = inspect_onnx(model_file(name))
    half = halve_onnx(graph, tmp_path)
    tensor = np.random.default_rng(0).standard_normal((1, *graph.inputs[0]["shape"][1:])).astype(np.float32)
    wanted = run_onnx(graph.path, tensor)
    assert np.abs(run_onnx(half.path, tensor) - wanted).max() <= 1e-2 * np.abs(wanted).max()
    assert half.path.stat().st_size < 0.52 * graph.path.stat().st_size
