"""Simplified graphs: one file, the same interface, the same answers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference_core.errors import PackError
from inference_core.packing.onnx.graph import inspect_onnx, opset_of
from inference_core.packing.onnx.simplification import simplify_onnx
from tests.models import write_classifier
from tests.packing.bench import channel_weights, external, matmul, model_of
from tests.packing.onnx.convolutions import kinds, run_onnx


def test_constants_are_folded_and_nodes_named_by_their_output(tmp_path: Path) -> None:
    values = {"two": np.float32(2), "three": np.float32(3)}
    nodes = [helper.make_node("Mul", ["two", "three"], ["six"]), helper.make_node("Add", ["x", "six"], ["y"])]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in "xy"]
    weights = [numpy_helper.from_array(np.array(value), name) for name, value in values.items()]
    (tmp_path / "m.onnx").write_bytes(model_of(helper.make_graph(nodes, "g", tensors[:1], tensors[1:], weights)))
    graph = inspect_onnx(tmp_path / "m.onnx")
    simple = simplify_onnx(graph, tmp_path)
    assert kinds(simple.path) == ["Add"]
    assert [node.name for node in onnx.load(str(simple.path)).graph.node] == ["y"]
    read = inspect_onnx(simple.path)
    assert (read.inputs, read.outputs) == (graph.inputs, graph.outputs)
    assert run_onnx(simple.path, np.ones((1, 2), np.float32)).tolist() == [[7.0, 7.0]]


def test_external_weights_are_taken_into_the_file(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    graph = inspect_onnx(matmul(tmp_path / "m.onnx", external(channel_weights(), tmp_path, "m.data")))
    simple = simplify_onnx(graph, tmp_path / "scratch")
    assert (graph.companions, simple.companions, inspect_onnx(simple.path).companions) == (["m.data"], [], [])
    assert run_onnx(simple.path, np.ones((1, 3, 8, 8), np.float32)).tolist() == [[64.0, 64.0, 64.0]]
    assert [path.name for path in (tmp_path / "scratch").iterdir()] == ["simple.onnx"]


def test_a_lower_opset_is_upgraded_and_a_higher_one_kept(tmp_path: Path) -> None:
    graph = inspect_onnx(write_classifier(tmp_path / "m.onnx"))
    opsets = [opset_of(onnx.load(str(simplify_onnx(graph, tmp_path, opset=wanted).path))) for wanted in (0, 13, 19)]
    assert opsets == [17, 17, 19]


def test_an_operator_that_cannot_be_upgraded_is_refused(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.graph.node[-1].op_type = "Unheard"
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError, match="cannot be brought from opset 17 to 19"):
        simplify_onnx(inspect_onnx(tmp_path / "m.onnx"), tmp_path, opset=19)


def test_a_model_that_onnxruntime_refuses_is_refused(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.graph.node[-1].op_type = "Unheard"
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError, match="cannot be simplified"):
        simplify_onnx(inspect_onnx(tmp_path / "m.onnx"), tmp_path)


def test_weights_too_large_for_one_file_are_refused(tmp_path: Path) -> None:
    graph = inspect_onnx(matmul(tmp_path / "m.onnx", external(channel_weights(), tmp_path, "m.data")))
    with (tmp_path / "m.data").open("r+b") as file:
        file.truncate(2**31)  # a hole: no bytes are written
    with pytest.raises(PackError, match="too large to convert"):
        simplify_onnx(graph, tmp_path)
