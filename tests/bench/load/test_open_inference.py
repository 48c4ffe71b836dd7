"""Requests of the Open Inference Protocol, read back by its own client library."""

import json

import pytest

from inference_core.bench.load.open_inference import http_body, message

PICTURES = [b"", b"abc", bytes(range(256)) * 300]


@pytest.mark.parametrize("picture", PICTURES, ids=len)
def test_the_message_is_that_of_the_protocol(picture: bytes) -> None:
    protocol = pytest.importorskip("tritonclient.grpc.service_pb2")
    request = protocol.ModelInferRequest.FromString(message("a model", picture))
    assert request.model_name == "a model"
    [image] = request.inputs
    assert (image.name, image.datatype, list(image.shape)) == ("image", "BYTES", [1])
    assert list(request.raw_input_contents) == [len(picture).to_bytes(4, "little") + picture]


@pytest.mark.parametrize("picture", PICTURES, ids=len)
def test_the_body_is_json_and_the_bytes_that_it_announces(picture: bytes) -> None:
    body, headers = http_body(picture)
    length = int(headers["Inference-Header-Content-Length"])
    [image] = json.loads(body[:length])["inputs"]
    assert (image["name"], image["datatype"], image["shape"]) == ("image", "BYTES", [1])
    assert body[length:] == len(picture).to_bytes(4, "little") + picture
    assert image["parameters"]["binary_data_size"] == len(body) - length
