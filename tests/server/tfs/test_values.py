"""Between the values of a request and the tensors of an artifact."""

from typing import Any

import ml_dtypes
import numpy as np
import orjson
import pytest

from inference_core.bundle import Artifact, TensorSpec
from inference_core.errors import BadRequestError
from inference_core.server.tfs.asked import Asked
from inference_core.server.tfs.values import column_values, row_values, tensors_of, to_json


def artifact_of(*inputs: TensorSpec, batch: int | str) -> Artifact:
    output = TensorSpec(name="y", dtype="float32", shape=(batch, 1))
    return Artifact(engine="onnxruntime", precision="fp32", file="model.onnx", inputs=inputs, outputs=(output,))


ONE = artifact_of(TensorSpec(name="x", dtype="float32", shape=("n", 2)), batch="n")
TWO = artifact_of(
    TensorSpec(name="a", dtype="float32", shape=(1, 2)), TensorSpec(name="b", dtype="int64", shape=(1,)), batch=1
)


def given(artifact: Artifact, content: Any, *, by_row: bool) -> dict[str, Any]:
    arrays = tensors_of(Asked(by_row, content, []), artifact)
    assert [array.dtype.name for array in arrays.values()] == [spec.dtype for spec in artifact.inputs]
    return {name: array.tolist() for name, array in arrays.items()}


@pytest.mark.parametrize("rows", [[[1, 2], [3, 4]], [{"x": [1, 2]}, {"x": [3, 4]}]])
def test_rows_of_one_input_need_no_name(rows: Any) -> None:
    assert given(ONE, rows, by_row=True) == {"x": [[1.0, 2.0], [3.0, 4.0]]}


@pytest.mark.parametrize("columns", [[[1, 2], [3, 4]], {"x": [[1, 2], [3, 4]]}])
def test_columns_of_one_input_need_no_name(columns: Any) -> None:
    assert given(ONE, columns, by_row=False) == {"x": [[1.0, 2.0], [3.0, 4.0]]}


def test_several_inputs_go_by_name_in_any_number() -> None:
    expected = {"a": [[1.0, 2.0], [3.0, 4.0]], "b": [5, 6]}
    assert given(TWO, [{"a": [1, 2], "b": 5}, {"b": 6, "a": [3, 4]}], by_row=True) == expected
    assert given(TWO, {"b": [5, 6], "a": [[1, 2], [3, 4]]}, by_row=False) == expected


@pytest.mark.parametrize(
    ("artifact", "content", "by_row", "message"),
    [
        (ONE, [{"z": [1, 2]}], True, "the inputs are not those of the model"),
        (ONE, {"x": [[1, 2]], "z": 1}, False, "the inputs are not those of the model"),
        (TWO, [{"a": [1, 2], "b": 5}, {"a": [3, 4]}], True, "the inputs are not those of the model"),
        (TWO, [{"a": [1, 2], "b": 5}, [3, 4]], True, "the inputs are not those of the model"),
        (TWO, [[3, 4], {"a": [1, 2], "b": 5}], True, "the inputs are not those of the model"),
        (TWO, [[1, 2]], True, "the inputs are not those of the model"),
        (TWO, [[1, 2]], False, "the inputs are not those of the model"),
        (TWO, {"a": [[1, 2]], "b": [5, 6]}, False, "the inputs do not agree on the number of items"),
        (ONE, [[1, 2, 3]], True, "input x does not fit the model"),
        (ONE, [1, 2], True, "input x does not fit the model"),
        (ONE, 1.0, False, "input x does not fit the model"),
        (ONE, [], False, "input x does not fit the model"),
        (ONE, [["1", "2"]], True, "the values of input x do not fit it"),
    ],
)
def test_what_is_not_the_models_is_refused(artifact: Artifact, content: Any, by_row: bool, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        tensors_of(Asked(by_row, content, []), artifact)
    assert caught.value.message == message


Y, Z = np.array([[1.5], [2.0]], np.float32), np.array([3, 4], np.int64)


def test_rows_have_names_where_there_are_several_outputs() -> None:
    assert orjson.loads(to_json(row_values({"y": Y}, 2))) == [[1.5], [2.0]]
    assert orjson.loads(to_json(row_values({"y": Y, "z": Z}, 2))) == [{"y": [1.5], "z": 3}, {"y": [2.0], "z": 4}]


def test_columns_have_names_where_there_are_several_outputs() -> None:
    assert orjson.loads(to_json(column_values({"z": Z}))) == [3, 4]
    assert orjson.loads(to_json(column_values({"y": Y, "z": Z}))) == {"y": [[1.5], [2.0]], "z": [3, 4]}


def test_an_output_without_rows_is_no_row_format() -> None:
    with pytest.raises(BadRequestError, match="output z has no row for each instance"):
        row_values({"y": Y, "z": np.zeros(())}, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([0.1, np.nan, np.inf], np.float32), b"[0.1,null,null]"),
        (np.array(1.5), b"1.5"),
        (np.array([[1, 2], [3, 4]], np.uint8).T, b"[[1,3],[2,4]]"),
        (np.array([0.5], np.float16), b"[0.5]"),
        (np.array([0.5, 2], ml_dtypes.bfloat16), b"[0.5,2.0]"),
        (np.array([True, False]), b"[true,false]"),
        (np.array(["a", "\u00e9"], object), '["a","\u00e9"]'.encode()),
        (np.array([b"hi"], object), b'[{"b64":"aGk="}]'),
    ],
)
def test_arrays_are_written_whatever_their_elements(value: Any, text: bytes) -> None:
    assert to_json(value) == text
    assert to_json(row_values({"y": np.array([value])}, 1)) == b"[" + text + b"]"


def test_what_has_no_json_form_is_a_defect() -> None:
    with pytest.raises(TypeError):
        to_json(object())
