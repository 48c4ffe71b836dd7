"""The protocols that a Satchel server speaks, as targets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from inference_core.bench.load import open_inference
from inference_core.bench.load.grpc_target import GrpcTarget
from inference_core.bench.load.http_target import HttpTarget, request_bytes
from inference_core.bench.load.target import Target
from inference_core.errors import InvalidParameterError


class Protocol(StrEnum):
    """How a model is asked about pictures."""

    REST = "rest"
    """POST /models/NAME/predict, the picture being the body."""
    OIP_HTTP = "oip-http"
    """POST /v2/models/NAME/infer, the picture being a binary tensor."""
    GRPC = "grpc"
    """ModelInfer of the Open Inference Protocol."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a model, about encoded pictures in turn."""

    url: str
    """Of the server; it may end in a path that stands before all others."""
    model: str
    pictures: Sequence[bytes]
    key: str | None = None
    grpc_address: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """That open the API."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}

    def path(self, pattern: str) -> str:
        """The URL of a route, such as `/models/{}/predict`."""
        return self.url.rstrip("/") + pattern.format(quote(self.model, safe=""))


def target_of(protocol: Protocol, question: Question) -> Target:
    """Asks the question in that protocol."""
    return _BUILDERS[protocol](question)


def _rest(question: Question) -> Target:
    url = question.path("/models/{}/predict")
    requests = [request_bytes(url, picture, headers=question.headers) for picture in question.pictures]
    return HttpTarget(question.url, requests)


def _oip_http(question: Question) -> Target:
    url = question.path("/v2/models/{}/infer")
    bodies = [open_inference.http_body(picture) for picture in question.pictures]
    requests = [request_bytes(url, body, headers=headers | question.headers) for body, headers in bodies]
    return HttpTarget(question.url, requests)


def _grpc(question: Question) -> Target:
    if question.grpc_address is None:
        raise InvalidParameterError("gRPC has an address of its own", remedy="name it with --grpc-address HOST:PORT")
    messages = [open_inference.message(question.model, picture) for picture in question.pictures]
    return GrpcTarget(question.grpc_address, open_inference.METHOD, messages, metadata=question.headers)


_BUILDERS: dict[Protocol, Callable[[Question], Target]] = {
    Protocol.REST: _rest,
    Protocol.OIP_HTTP: _oip_http,
    Protocol.GRPC: _grpc,
}
