"""int8 for onnxruntime: answers stay within a quantization step, and layers that cannot bear it stay in float."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from inference_core.errors import PackError
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.onnx.quantization import quantize_onnx
from tests.models import write_classifier
from tests.packing.onnx.convolutions import WEIGHTS, kinds, means, run_onnx, write_chain, write_tensors

WIDEN, NARROW = np.diag([1.0, 1e4, 1.0]), np.diag([1.0, 1e-4, 1.0])
"""Between the two, one channel is so large that eight bits leave nothing of the others."""


def test_answers_stay_within_a_quantization_step(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    quantized = quantize_onnx(graph, tensors, tmp_path).graph
    tensor = np.load(tensors[0])
    rows = np.abs(WEIGHTS)
    span = np.maximum(WEIGHTS, 0).sum() - np.minimum(WEIGHTS, 0).sum()
    step = rows.sum(axis=1) / 255 + rows.max(axis=1) / 127 * 3 + span / 255
    difference = np.abs(run_onnx(quantized.path, tensor) - means(tensor, WEIGHTS))[0]
    assert (difference <= step / 2).all()
    assert difference.max() > 1e-5
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(str(quantized.path)).graph.initializer}
    expected = np.round(WEIGHTS / rows.max(axis=1, keepdims=True) * 127)
    assert weights["weights0_quantized"].dtype == np.int8
    assert np.array_equal(weights["weights0_quantized"][:, :, 0, 0], expected)


def test_the_facts_are_the_sources_but_for_the_precision(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    quantized = quantize_onnx(graph, tensors, tmp_path).graph
    assert (quantized.file, quantized.precision, quantized.companions) == ("model.int8.onnx", "int8", [])
    note = quantized.provenance["onnxruntime int8"]
    assert note.endswith("mean extremes of 4 pictures, 0 of 1 stretches in fp32")
    read = inspect_onnx(quantized.path)
    assert (read.inputs, read.outputs, read.precision) == (graph.inputs, graph.outputs, "int8")
    assert read.inputs[0]["shape"] == ["batch", 3, 8, 8]


def test_what_follows_the_last_layer_stays_in_float(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    ends = kinds(quantize_onnx(graph, tensors, tmp_path).graph.path)[-3:]
    assert ends == ["DequantizeLinear", "GlobalAveragePool", "Flatten"]


def test_the_graph_is_legal(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS, WEIGHTS), write_tensors(tmp_path)
    onnx.checker.check_model(str(quantize_onnx(graph, tensors, tmp_path).graph.path), full_check=True)


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS, WEIGHTS), write_tensors(tmp_path)
    scratch = [tmp_path / "a", tmp_path / "b"]
    for folder in scratch:
        folder.mkdir()
    first, second = (quantize_onnx(graph, tensors, folder).graph.path.read_bytes() for folder in scratch)
    assert first == second


def test_layers_that_spoil_the_answer_stay_in_float(tmp_path: Path) -> None:
    layers = (WIDEN, NARROW, WEIGHTS)
    graph, tensors = write_chain(tmp_path / "m.onnx", *layers), write_tensors(tmp_path)
    quantized = quantize_onnx(graph, tensors, tmp_path).graph
    assert quantized.provenance["onnxruntime int8"].endswith("2 of 3 stretches in fp32")
    tensor = np.load(tensors[0])
    assert np.abs(run_onnx(quantized.path, tensor) - means(tensor, *layers)).max() < 0.02
    names = {tensor.name for tensor in onnx.load(str(quantized.path)).graph.initializer}
    assert {name for name in names if name.startswith("weights") and "scale" not in name and "zero" not in name} == {
        "weights0",
        "weights1",
        "weights2_quantized",
    }


def test_a_model_of_which_no_layer_bears_it_is_refused(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WIDEN, NARROW), write_tensors(tmp_path)
    with pytest.raises(PackError, match="no layer of the model bears int8"):
        quantize_onnx(graph, tensors, tmp_path)


def test_a_model_without_layers_is_refused(tmp_path: Path) -> None:
    graph = inspect_onnx(write_classifier(tmp_path / "m.onnx"))
    with pytest.raises(PackError) as caught:
        quantize_onnx(graph, write_tensors(tmp_path), tmp_path)
    assert (caught.value.message, caught.value.expected) == (
        "the model has nothing to quantize",
        "at least one of Conv, ConvTranspose, Gemm, MatMul",
    )


def test_pictures_are_repeated_for_a_fixed_batch(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS, batch=2), write_tensors(tmp_path)
    quantized = quantize_onnx(graph, tensors, tmp_path).graph
    pair = np.concatenate([np.load(path) for path in tensors[:2]])
    assert np.abs(run_onnx(quantized.path, pair) - means(pair, WEIGHTS)).max() < 0.01


def test_what_cannot_be_calibrated_is_refused(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    with pytest.raises(PackError, match="needs pictures to measure the ranges"):
        quantize_onnx(graph, [], tmp_path)
    with pytest.raises(PackError, match="cannot be quantized") as caught:
        quantize_onnx(replace(graph, precision="int8"), tensors, tmp_path)
    assert caught.value.got == "a model in int8"
    with pytest.raises(PackError, match="cannot be quantized") as caught:
        quantize_onnx(replace(graph, inputs=graph.inputs * 2), tensors, tmp_path)
    assert caught.value.got == "2 inputs"
