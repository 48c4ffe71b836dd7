"""A picture as a request of the Open Inference Protocol, written by hand: whoever measures shares no code with what is
measured. Source: the protocol's `grpc_predict_v2.proto` and its extension for binary tensors."""

import json

METHOD = "/inference.GRPCInferenceService/ModelInfer"
"""Of gRPC."""


def http_body(picture: bytes) -> tuple[bytes, dict[str, str]]:
    """Body and headers for `/v2/models/NAME/infer`: the picture as tensor `image`, BYTES [1], after the JSON."""
    element = _element(picture)
    image = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(element)}}
    head = json.dumps({"inputs": [image]}).encode()
    return head + element, {"Inference-Header-Content-Length": str(len(head))}


def message(model: str, picture: bytes) -> bytes:
    """A serialised `ModelInferRequest` with the same tensor among its raw contents."""
    tensor = _field(1, b"image") + _field(2, b"BYTES") + _field(3, _varint(1))
    return _field(1, model.encode()) + _field(5, tensor) + _field(7, _element(picture))


def _element(data: bytes) -> bytes:
    """An element of a BYTES tensor: its length in four bytes, the lowest first, and itself."""
    return len(data).to_bytes(4, "little") + data


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
