"""Bodies of JSON and binary data: read as Triton's client writes them, and written as it reads them."""

from typing import Any

import numpy as np
import orjson
import pytest
import tritonclient.http

from inference_core.errors import BadRequestError
from inference_core.oip.binary import join_body, read_tensors, request_parts, split_body
from inference_core.oip.byte_strings import object_array
from inference_core.oip.fields import objects
from inference_core.oip.tensors import Tensor


def read(body: bytes, header_length: str | None) -> list[Tensor]:
    document, binary = split_body(body, header_length)
    return read_tensors(objects(document, "inputs"), binary)


def described(**changes: Any) -> dict[str, Any]:
    return {"name": "x", "datatype": "UINT8", "shape": [2], **changes}


def body_of(*inputs: dict[str, Any], binary: bytes = b"") -> tuple[bytes, str]:
    text = orjson.dumps({"inputs": inputs})
    return text + binary, str(len(text))


def test_a_body_of_tritons_client_is_read() -> None:
    first, second = np.arange(6, dtype=np.float32).reshape(2, 3), np.array([[b"a"], [b"\xff\xfe"]], object)
    inputs = []
    for name, array, datatype in (("a", first, "FP32"), ("b", second, "BYTES"), ("c", first, "FP32")):
        inputs.append(tritonclient.http.InferInput(name, list(array.shape), datatype))
        inputs[-1].set_data_from_numpy(array, binary_data=name != "c")
    body, length = tritonclient.http.InferenceServerClient.generate_request_body(inputs)
    tensors = read(body, str(length))
    assert [tensor.name for tensor in tensors] == ["a", "b", "c"]
    assert np.array_equal(tensors[0].array, first)
    assert tensors[1].array.tolist() == second.tolist()
    assert np.array_equal(tensors[2].array, first)


def test_a_body_is_one_that_tritons_client_reads() -> None:
    numbers, texts = np.arange(4, dtype=np.int64).reshape(2, 2), object_array([b"ab", b""])
    outputs = [(Tensor.of("n", numbers), True), (Tensor.of("t", texts), True), (Tensor.of("j", numbers), False)]
    body, length = join_body({"model_name": "m"}, outputs)
    result = tritonclient.http.InferenceServerClient.parse_response_body(body, header_length=length)
    assert np.array_equal(result.as_numpy("n"), numbers)
    assert result.as_numpy("t").tolist() == [b"ab", b""]
    assert np.array_equal(result.as_numpy("j"), numbers)
    assert result.get_response()["model_name"] == "m"


def test_without_binary_data_all_is_json() -> None:
    body, length = join_body({}, [(Tensor.of("n", np.ones(2, np.float32)), False)])
    assert length is None
    assert orjson.loads(body) == {"outputs": [{"name": "n", "datatype": "FP32", "shape": [2], "data": [1.0, 1.0]}]}


def test_a_request_has_the_tensors_bytes_where_they_lie() -> None:
    numbers, texts = np.arange(4, dtype=np.int64).reshape(2, 2), object_array([b"ab", b"\xff"])
    tensors = [Tensor.of("n", numbers), Tensor.of("t", texts)]
    text, *raws = request_parts({"id": "7"}, tensors, binary=True)
    assert np.shares_memory(np.frombuffer(raws[0], np.uint8), numbers)
    body = b"".join([text, *raws])
    assert split_body(body, str(len(text)))[0]["id"] == "7"
    for got, array in zip(read(body, str(len(text))), (numbers, texts), strict=True):
        assert got.array.tolist() == array.tolist()


def test_a_request_in_json_has_pictures_in_base64() -> None:
    [text] = request_parts({}, [Tensor.of("n", np.ones(2)), Tensor.of("t", object_array([b"\xff"]))], binary=False)
    assert orjson.loads(text) == {
        "inputs": [
            {"name": "n", "datatype": "FP64", "shape": [2], "data": [1.0, 1.0]},
            {
                "name": "t",
                "datatype": "BYTES",
                "shape": [1],
                "data": ["/w=="],
                "parameters": {"content_type": "base64"},
            },
        ]
    }
    assert read(bytes(text), None)[1].array.tolist() == [b"\xff"]


@pytest.mark.parametrize("literal", [b"NaN", b"-Infinity"])
def test_literals_that_json_does_not_have_are_read_where_that_is_wanted(literal: bytes) -> None:
    body = b'{"x": ' + literal + b"}"
    assert str(split_body(body, None, lenient=True)[0]["x"]) == str(float(literal))
    with pytest.raises(BadRequestError, match="does not begin with a JSON object"):
        split_body(body, None)
    with pytest.raises(BadRequestError, match="does not begin with a JSON object"):
        split_body(b"nothing", None, lenient=True)


@pytest.mark.parametrize("length", ["", "-1", "1e3", "+2", "\u0662", "999", "9" * 5000])
def test_a_length_outside_the_body_is_refused(length: str) -> None:
    with pytest.raises(BadRequestError, match="Inference-Header-Content-Length cannot be used"):
        split_body(b'{"inputs": []}', length)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a": 1}{"b": 2}'])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="JSON object"):
        split_body(body, None)


@pytest.mark.parametrize(
    ("sizes", "binary"),
    [([2, 2], b"abc"), ([2], b"abc"), ([3], b"abc"), ([-1], b"ab"), ([2**60], b"ab"), (["2"], b"ab"), ([2.0], b"ab")],
)
def test_sizes_that_overlap_or_leave_bytes_over_are_refused(sizes: list[Any], binary: bytes) -> None:
    inputs = [described(name=f"x{size}", parameters={"binary_data_size": size}) for size in sizes]
    body, length = body_of(*inputs, binary=binary)
    with pytest.raises(BadRequestError, match=r"binary_data_size|binary data|bytes of tensor"):
        read(body, length)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        described(name=1, data=[1, 2]),
        described(shape="2", data=[1, 2]),
        described(datatype=None, data=[1, 2]),
        described(),
        described(data="ab"),
        described(parameters=[], data=[1, 2]),
        described(parameters={"binary_data_size": 2}, data=[1, 2]),
        described(parameters={"shared_memory_region": "r", "shared_memory_byte_size": 2}),
        described(shape=[2, None], data=[1, 2]),
    ],
)
def test_what_is_incomplete_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        read(orjson.dumps({"inputs": [entry]}) + b"ab", str(len(orjson.dumps({"inputs": [entry]}))))


def test_inputs_must_be_objects() -> None:
    for inputs in ([1], "x", {"a": 1}):
        with pytest.raises(BadRequestError, match="inputs"):
            objects({"inputs": inputs}, "inputs")
