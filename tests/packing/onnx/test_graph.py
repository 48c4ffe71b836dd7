"""Facts read off a graph."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from tests.models import OPSET, write_classifier
from tests.packing.bench import channel_weights, external, matmul, model_of


def test_tensors_precision_and_opset_are_read(tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "m.onnx")
    assert inspect_onnx(path) == ModelGraph(
        engine="onnxruntime",
        file="model.onnx",
        path=path,
        inputs=[{"name": "images", "dtype": "float32", "shape": ["batch", 3, 8, 8]}],
        outputs=[{"name": "logits", "dtype": "float32", "shape": ["batch", 3]}],
        precision="fp32",
        companions=[],
        provenance={"opset": str(OPSET)},
    )


def test_dynamic_axes_keep_their_names_and_get_one_where_they_have_none(tmp_path: Path) -> None:
    path = matmul(tmp_path / "m.onnx", channel_weights(), image=["N", 3, None, -1], logits=[None, 3])
    graph = inspect_onnx(path)
    assert graph.inputs[0]["shape"] == ["N", 3, "images_axis2", "images_axis3"]
    assert graph.outputs[0]["shape"] == ["logits_axis0", 3]


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(("dtype", "precision"), [(np.float32, "fp32"), (np.float64, "fp32"), (np.float16, "fp16")])
def test_precision_is_that_of_most_weights(tmp_path: Path, dtype: type, precision: str, constant: bool) -> None:
    path = matmul(tmp_path / "m.onnx", channel_weights(dtype), constant=constant)
    assert inspect_onnx(path).precision == precision


def test_a_large_tensor_outweighs_many_small_ones(tmp_path: Path) -> None:
    model = onnx.load(str(matmul(tmp_path / "m.onnx", channel_weights(np.float16))))
    model.graph.initializer.extend(numpy_helper.from_array(np.zeros(9, np.float32), f"s{i}") for i in range(20))
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(900, np.int64), "indices"))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert inspect_onnx(tmp_path / "m.onnx").precision == "fp16"


@pytest.mark.parametrize("op", ["QuantizeLinear", "QLinearConv", "MatMulInteger"])
def test_a_quantized_graph_is_int8(tmp_path: Path, op: str) -> None:
    model = onnx.load(str(matmul(tmp_path / "m.onnx", channel_weights())))
    model.graph.node.append(helper.make_node(op, ["flat", "weights", "weights"], ["unused"]))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert inspect_onnx(tmp_path / "m.onnx").precision == "int8"


def test_weights_listed_as_inputs_are_not_inputs(tmp_path: Path) -> None:
    model = onnx.load(str(matmul(tmp_path / "m.onnx", channel_weights())))
    model.graph.input.append(helper.make_tensor_value_info("weights", TensorProto.FLOAT, [192, 3]))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert [tensor["name"] for tensor in inspect_onnx(tmp_path / "m.onnx").inputs] == ["images"]


def test_external_weights_are_found_in_initializers_constants_and_subgraphs(tmp_path: Path) -> None:
    def branch(name: str) -> onnx.GraphProto:
        weight = external(numpy_helper.from_array(np.ones(3, np.float32), name), tmp_path, f"{name}.bin")
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, [3])
        return helper.make_graph([helper.make_node("Identity", [name], [f"{name}_out"])], name, [], [value], [weight])

    held = external(numpy_helper.from_array(np.ones(3, np.float32), "held"), tmp_path, "deep/held.bin")
    nodes = [
        helper.make_node("Constant", [], ["held"], value=held),
        helper.make_node("If", ["flag"], ["y"], then_branch=branch("then"), else_branch=branch("otherwise")),
    ]
    flag = helper.make_tensor_value_info("flag", TensorProto.BOOL, [])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    first = external(numpy_helper.from_array(np.ones(3, np.float32), "first"), tmp_path, "first.bin")
    (tmp_path / "m.onnx").write_bytes(model_of(helper.make_graph(nodes, "g", [flag], [y], [first])))
    assert inspect_onnx(tmp_path / "m.onnx").companions == ["deep/held.bin", "first.bin", "otherwise.bin", "then.bin"]


def test_external_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    path = matmul(tmp_path / "m.onnx", external(channel_weights(), tmp_path, "m.data"))
    (tmp_path / "m.data").unlink()
    with pytest.raises(PackError) as caught:
        inspect_onnx(path)
    assert str(caught.value) == (
        f"{path} keeps weights in m.data, which is not there\n  expected: the file m.data beside the model\n"
        "  remedy: copy it there, or export the model into one file"
    )


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "a graph without nodes"),
        (b"this is a text", "Error parsing message"),
        (b"\x80\x04\x95", "Error parsing message"),
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes, got: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(PackError) as caught:
        inspect_onnx(path)
    assert caught.value.message == f"{path} is not a usable ONNX model"
    assert caught.value.got is not None and caught.value.got.startswith(got) and "\n" not in caught.value.got


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    path = write_classifier(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PackError, match="is not a usable ONNX model"):
        inspect_onnx(path)


def test_shapes_of_outputs_that_are_not_stated_are_inferred(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.graph.output[0].ClearField("type")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    assert inspect_onnx(tmp_path / "m.onnx").outputs == [{"name": "logits", "dtype": "float32", "shape": ["batch", 3]}]


def test_an_input_of_unknown_rank_is_refused(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.graph.input[0].type.tensor_type.ClearField("shape")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError) as caught:
        inspect_onnx(tmp_path / "m.onnx")
    assert (caught.value.message, caught.value.remedy) == (
        "images has no tensor shape in the graph, and none can be inferred",
        "export the model with the shapes of its inputs and outputs",
    )


def test_an_output_whose_shape_cannot_be_inferred_is_refused(tmp_path: Path) -> None:
    model = onnx.load(str(write_classifier(tmp_path / "m.onnx")))
    model.graph.node[-1].op_type = "Unheard"
    model.graph.output[0].type.tensor_type.ClearField("shape")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError, match="logits has no tensor shape in the graph"):
        inspect_onnx(tmp_path / "m.onnx")


def test_an_output_whose_shape_contradicts_itself_is_refused(tmp_path: Path) -> None:
    model = onnx.load(str(matmul(tmp_path / "m.onnx", channel_weights(), image=[1, 3, 7, 8])))
    model.graph.output[0].ClearField("type")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(PackError) as caught:
        inspect_onnx(tmp_path / "m.onnx")
    assert caught.value.message == "logits has no tensor shape in the graph, and none can be inferred"
