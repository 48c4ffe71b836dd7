"""OpenVINO's representation: names, axes and answers of the source, weights in half the size, int8 by NNCF."""

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from inference_core.bundle.tuning import Precision
from inference_core.errors import MissingDependencyError, PackError
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.onnx.quantization import Quantized, quantize_onnx
from inference_core.packing.openvino.ir import quantize_openvino, to_openvino
from tests.models import write_classifier
from tests.packages import needs_nncf, needs_openvino, needs_vnni
from tests.packing.onnx.convolutions import WEIGHTS, Array, means, write_chain, write_tensors

FLOAT = {"INFERENCE_PRECISION_HINT": "f32"}
INDICES = 32
"""Bytes of the axes that a mean is taken over and of the shape that is flattened to, beside the weights."""


@functools.cache
def core() -> Any:
    """Kept, for the reason that the engine has: see `inference_core.engines.openvino`."""
    import openvino as ov

    return ov.Core()


def run_openvino(graph: ModelGraph, tensor: Array) -> Array:
    answer: Array = core().compile_model(str(graph.path), "CPU", FLOAT)([tensor])[graph.outputs[0]["name"]]
    return answer


def facts(graph: ModelGraph) -> list[tuple[Any, ...]]:
    """Names and shapes as OpenVINO reads them."""
    model = core().read_model(str(graph.path))
    return [(*port.get_names(), str(port.get_partial_shape())) for port in (*model.inputs, *model.outputs)]


@needs_openvino
@pytest.mark.parametrize(
    ("precision", "file", "size"),
    [("fp32", "model.xml", 4), ("bf16", "model.bf16.xml", 2), ("fp16", "model.fp16.xml", 2)],
)
def test_a_converted_model_answers_as_the_source(tmp_path: Path, precision: Precision, file: str, size: int) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    ir = to_openvino(graph, precision, tmp_path)
    assert (ir.engine, ir.file, ir.path.name, ir.precision) == ("openvino", file, file, precision)
    assert ir.companions == [file.replace(".xml", ".bin")]
    assert (ir.inputs, ir.outputs) == (graph.inputs, graph.outputs)
    assert list(ir.provenance) == ["openvino"]
    assert facts(ir) == [("images", "[?,3,8,8]"), ("scores", "[?,3]")]
    assert (tmp_path / ir.companions[0]).stat().st_size == 9 * size + INDICES
    pair = np.concatenate([np.load(path) for path in tensors[:2]])
    assert run_openvino(ir, pair) == pytest.approx(means(pair, WEIGHTS), rel=2e-3, abs=1e-4)


@needs_openvino
def test_weights_that_float16_would_clip_stay_whole(tmp_path: Path) -> None:
    weights = WEIGHTS * np.array([[1.0], [1e6], [1.0]])
    ir = to_openvino(write_chain(tmp_path / "m.onnx", weights), "bf16", tmp_path)
    tensor = np.load(write_tensors(tmp_path)[0])
    assert run_openvino(ir, tensor) == pytest.approx(means(tensor, weights), rel=1e-4)


@needs_openvino
def test_the_same_model_gives_the_same_bytes_wherever_it_is_made(tmp_path: Path) -> None:
    graph = write_chain(tmp_path / "m.onnx", WEIGHTS, WEIGHTS)
    made = []
    for name in "ab":
        (tmp_path / name).mkdir()
        ir = to_openvino(graph, "bf16", tmp_path / name)
        made.append((ir.path.read_bytes(), ir.path.with_suffix(".bin").read_bytes()))
    assert made[0] == made[1]


@needs_openvino
def test_an_operator_that_openvino_does_not_know_is_named(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.opset_import.append(helper.make_opsetid("my.layers", 1))
    model.graph.node[-1].op_type, model.graph.node[-1].domain = "Unheard", "my.layers"
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError, match=r"cannot read m\.onnx") as caught:
        to_openvino(inspect_onnx(tmp_path / "m.onnx"), "fp32", tmp_path)
    assert caught.value.got == "unknown operators: my.layers.Unheard"


@needs_openvino
@pytest.mark.parametrize(("has", "wanted"), [("fp16", "fp32"), ("int8", "bf16")])
def test_a_model_is_not_stored_in_more_bits_than_it_has(tmp_path: Path, has: Precision, wanted: Precision) -> None:
    graph = replace(write_chain(tmp_path / "m.onnx", WEIGHTS), precision=has)
    with pytest.raises(PackError) as caught:
        to_openvino(graph, wanted, tmp_path)
    assert (caught.value.message, caught.value.got) == (f"m.onnx cannot be converted to {wanted}", f"a model in {has}")


@needs_openvino
@needs_vnni
def test_a_quantized_graph_is_converted_as_it_is(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS), write_tensors(tmp_path)
    ir = to_openvino(quantize_onnx(graph, tensors, tmp_path).graph, "int8", tmp_path)
    assert (ir.file, ir.precision) == ("model.int8.xml", "int8")
    tensor = np.load(tensors[0])
    difference = np.abs(run_openvino(ir, tensor) - means(tensor, WEIGHTS))
    assert 1e-6 < difference.max() < 0.01


@needs_openvino
@needs_nncf
@needs_vnni
def test_nncf_quantizes_to_within_a_step(tmp_path: Path) -> None:
    graph, tensors = write_chain(tmp_path / "m.onnx", WEIGHTS, WEIGHTS), write_tensors(tmp_path)
    ir = quantize_openvino(quantize_onnx(graph, tensors, tmp_path), tensors, tmp_path)
    assert (ir.file, ir.companions, ir.precision) == ("model.int8.xml", ["model.int8.bin"], "int8")
    assert facts(ir) == [("images", "[?,3,8,8]"), ("scores", "[?,3]")]
    assert ir.provenance["openvino int8"] == "mixed preset, 4 pictures, 0 nodes in fp32"
    assert "nncf" in ir.provenance
    assert "FakeQuantize" in ir.path.read_text()
    tensor = np.load(tensors[0])
    assert 1e-6 < np.abs(run_openvino(ir, tensor) - means(tensor, WEIGHTS, WEIGHTS)).max() < 0.02


@needs_openvino
def test_the_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None if name == "nncf" else name)
    graph = write_chain(tmp_path / "m.onnx", WEIGHTS)
    with pytest.raises(MissingDependencyError, match="needs the package nncf") as caught:
        quantize_openvino(Quantized(graph, graph, []), [], tmp_path)
    assert caught.value.remedy == "pip install 'satchel[nncf]'"
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="needs the package openvino"):
        to_openvino(graph, "fp32", tmp_path)
