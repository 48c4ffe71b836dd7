"""A question in every protocol."""

import pytest

from inference_core.bench.load import GrpcTarget, HttpTarget
from inference_core.bench.load.protocols import Protocol, Question, target_of
from inference_core.errors import InvalidParameterError

QUESTION = Question("http://h:1/base/", "a b", [b"one", b"two"], key="k", grpc_address="h:2")


def requests_of(protocol: Protocol) -> list[bytes]:
    target = target_of(protocol, QUESTION)
    assert isinstance(target, HttpTarget)
    return list(target.requests)


def test_rest_sends_the_picture_as_it_is() -> None:
    first, second = requests_of(Protocol.REST)
    assert first.startswith(b"POST /base/models/a%20b/predict HTTP/1.1\r\nHost: h:1\r\n")
    assert b"\r\nAuthorization: Bearer k\r\n" in first
    assert first.endswith(b"\r\n\r\none")
    assert second.endswith(b"\r\n\r\ntwo")


def test_the_open_inference_protocol_sends_a_tensor() -> None:
    first, _ = requests_of(Protocol.OIP_HTTP)
    assert first.startswith(b"POST /base/v2/models/a%20b/infer HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer k\r\n" in first
    assert b"\r\nInference-Header-Content-Length: " in first
    assert first.endswith(b"\x03\x00\x00\x00one")


def test_grpc_needs_its_own_address() -> None:
    assert isinstance(target_of(Protocol.GRPC, QUESTION), GrpcTarget)
    with pytest.raises(InvalidParameterError, match="--grpc-address"):
        target_of(Protocol.GRPC, Question("http://h", "m", [b""]))
