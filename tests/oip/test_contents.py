"""Tensors in messages: typed lists, raw bytes, and neither where both or the wrong ones are there."""

from typing import Any

import numpy as np
import pytest

from inference_core.errors import BadRequestError
from inference_core.oip.contents import fill_message, read_messages, read_parameters
from inference_core.oip.messages import message_class
from inference_core.oip.tensors import Tensor


def read(*inputs: dict[str, Any], raws: tuple[bytes, ...] = ()) -> list[Tensor]:
    request = message_class("ModelInferRequest")(inputs=inputs, raw_input_contents=raws)
    return read_messages(request.inputs, request.raw_input_contents)


def typed(datatype: str, **contents: list[Any]) -> dict[str, Any]:
    return {"name": "x", "datatype": datatype, "shape": [2], "contents": contents}


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        (typed("BOOL", bool_contents=[True, False]), [True, False]),
        (typed("INT8", int_contents=[-128, 127]), [-128, 127]),
        (typed("UINT16", uint_contents=[0, 65535]), [0, 65535]),
        (typed("INT64", int64_contents=[-(2**63), 1]), [-(2**63), 1]),
        (typed("UINT64", uint64_contents=[2**64 - 1, 1]), [2**64 - 1, 1]),
        (typed("FP32", fp32_contents=[0.5, 2]), [0.5, 2]),
        (typed("FP64", fp64_contents=[0.1, 2]), [0.1, 2]),
        (typed("BYTES", bytes_contents=[b"ab", b"cd"]), [b"ab", b"cd"]),
    ],
)
def test_each_datatype_has_its_list(entry: dict[str, Any], values: list[object]) -> None:
    [tensor] = read(entry)
    assert tensor.datatype == entry["datatype"]
    assert tensor.array.tolist() == values


@pytest.mark.parametrize(
    "entry",
    [
        typed("FP32", fp32_contents=[1]),
        typed("FP32", fp64_contents=[1, 2]),
        typed("FP16", fp32_contents=[1, 2]),
        typed("UINT8", uint_contents=[1, 256]),
        typed("INT8", int_contents=[1, -129]),
        typed("FP8"),
        {"name": "x", "datatype": "FP32", "shape": [-2, -1]},
        {"name": "x", "datatype": "FP32", "shape": [2**62, 4]},
        {"name": "x", "datatype": "FP32", "shape": [2], "parameters": {"shared_memory_region": {"string_param": "r"}}},
    ],
)
def test_contents_that_do_not_fit_are_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="tensor x"):
        read(entry)


def test_raw_contents_are_one_for_each_tensor_and_exclude_the_others() -> None:
    plain = {"name": "x", "datatype": "UINT8", "shape": [2]}
    empty = {**plain, "contents": {}}
    for entry in (plain, empty):
        assert read(entry, raws=(b"ab",))[0].array.tolist() == [97, 98]
    for inputs, raws in (
        ([plain, plain], (b"ab",)),
        ([plain], (b"ab", b"cd")),
        ([typed("UINT8", uint_contents=[1, 2])], (b"ab",)),
    ):
        with pytest.raises(BadRequestError, match="not one for each tensor"):
            read(*inputs, raws=raws)


def test_answers_are_raw() -> None:
    response = message_class("ModelInferResponse")()
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    fill_message([Tensor.of("y", array)], response.outputs, response.raw_output_contents)
    assert list(response.outputs[0].shape) == [2, 3]
    [back] = read_messages(response.outputs, response.raw_output_contents)
    assert np.array_equal(back.array, array)


def test_parameters_have_the_type_they_were_given() -> None:
    values = {"b": {"bool_param": False}, "i": {"int64_param": 0}, "s": {"string_param": ""}, "none": {}}
    request = message_class("ModelInferRequest")(parameters=values | {"d": {"double_param": 0.5}})
    assert read_parameters(request.parameters) == {"b": False, "i": 0, "s": "", "d": 0.5}
