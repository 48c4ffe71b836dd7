"""One endpoint that speaks the Open Inference Protocol over HTTP: Triton, KServe, MLServer, OVMS, another Satchel."""

import contextlib
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from inference_core.engines import Array
from inference_core.errors import BadRequestError, first_line
from inference_core.limits import Limits
from inference_core.oip.binary import HEADER_LENGTH, read_tensors, request_parts, split_body
from inference_core.oip.datatypes import bundle_dtype
from inference_core.oip.fields import Json, member, objects
from inference_core.oip.tensors import Tensor
from inference_core.predictor import Outcome
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.http import HttpSender
from inference_core.remote.http_answer import HttpAnswer, check
from inference_core.remote.pictures import predict_in_runs, takes_images
from inference_core.remote.plan import Plan

_BINARY = "binary_tensor_data"
"""The extension's name in the server's metadata."""
_TIMEOUT_HEADER = "X-Timeout-Ms"
"""Tells another Satchel how long its answer is waited for. Others do not know it."""
_NOT_NOW = (Failure.NOT_READY, Failure.REFUSED)


class OipHttpConnection:
    """See `connection.Connection`. Outputs are views into the answer, which cannot be written to.

    Tensors travel as binary data where the server's metadata lists that extension, else as JSON.

    Args:
        plan: the model's name and version there, and what `HttpSender` takes of it.
        url: of the endpoint.

    Raises:
        SettingsError, MissingDependencyError: see `HttpSender`.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        self._sender = HttpSender(plan, url)
        version = "" if plan.version is None else f"/versions/{quote(plan.version, safe='')}"
        self._model = f"v2/models/{quote(plan.model, safe='')}{version}"
        self._is_binary: bool | None = None

    def is_ready(self, timeout: float) -> bool:
        """See `Connection.is_ready`. Servers say it by the status, and some in JSON as well."""
        try:
            answer = check(self._sender.send("GET", f"{self._model}/ready", timeout=timeout))
        except CallError as error:
            if error.kind in _NOT_NOW:
                raise CallError(Failure.NOT_READY, error.said, error.retry_after) from error
            raise
        return not answer.content.strip() or _document(answer).get("ready", True) is True

    def describe(self, timeout: float) -> RemoteModel | None:
        """See `Connection.describe`. None also where the server lists no tensor: MLServer need not be told of any.

        It asks anew what form tensors may have, since another server may have come to the address.
        """
        until = time.monotonic() + timeout
        document = _document(check(self._sender.send("GET", self._model, timeout=timeout)))
        self._is_binary = None
        self._takes_binary(until)
        with _reading():
            inputs, outputs = (tuple(map(_tensor, objects(document, name))) for name in ("inputs", "outputs"))
            properties = member(document, "properties", dict, {})
        if not inputs and not outputs:
            return None
        return RemoteModel(inputs, outputs, takes_images(properties, inputs, outputs))

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """See `Connection.infer`. BF16 comes as float32."""
        tensors = [Tensor.of(name, array) for name, array in inputs.items()]
        return self._ask(tensors, {}, timeout)

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> list[Outcome]:
        """See `Connection.predict`. One request for each run of pictures with the same limits."""
        return predict_in_runs(images, limits, timeout, self._ask)

    def close(self) -> None:
        """See `Connection.close`."""
        self._sender.close()

    def _ask(self, tensors: Sequence[Tensor], parameters: Mapping[str, object], timeout: float) -> dict[str, Array]:
        until = time.monotonic() + timeout
        is_binary = self._takes_binary(until)
        asked: Json = {"parameters": {"binary_data_output": is_binary, **parameters}}
        try:
            body = request_parts(asked, tensors, binary=is_binary)
        except BadRequestError as error:
            raise CallError(Failure.REFUSED, f"it takes no binary tensors, and {first_line(error)}") from error
        left = until - time.monotonic()
        headers = {
            "Content-Type": "application/octet-stream" if is_binary else "application/json",
            _TIMEOUT_HEADER: str(max(1, math.ceil(left * 1e3))),
        }
        if is_binary:
            headers[HEADER_LENGTH] = str(len(body[0]))
        answer = self._sender.send("POST", f"{self._model}/infer", body=body, headers=headers, timeout=left)
        return {tensor.name: tensor.widened() for tensor in _outputs(check(answer))}

    def _takes_binary(self, until: float) -> bool:
        """Asks once. A server that does not show its metadata gets JSON, which all of them read."""
        if self._is_binary is None:
            answer = self._sender.send("GET", "v2", timeout=until - time.monotonic())
            try:
                listed = _document(check(answer)).get("extensions")
            except CallError as error:
                if error.kind is not Failure.REFUSED:
                    raise
                listed = None
            self._is_binary = isinstance(listed, list) and _BINARY in listed
        return self._is_binary


def _outputs(answer: HttpAnswer) -> list[Tensor]:
    with _reading():
        document, binary = split_body(answer.content, answer.headers.get(HEADER_LENGTH), lenient=True)
        tensors = read_tensors(objects(document, "outputs"), binary, lenient=True)
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise CallError(Failure.GARBAGE, "the answer has an output twice")
    return tensors


def _document(answer: HttpAnswer) -> Json:
    with _reading():
        return split_body(answer.content, None)[0]


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """What cannot be read in an answer is the endpoint's fault, not that of whoever asked."""
    try:
        yield
    except BadRequestError as error:
        facts = "; ".join(f"{name} {fact}" for name, fact in (("got", error.got), ("expected", error.expected)) if fact)
        raise CallError(Failure.GARBAGE, f"{error.message} ({facts})" if facts else error.message) from error


def _tensor(entry: Json) -> RemoteTensor:
    sizes = entry.get("shape")
    shape = None
    if isinstance(sizes, list) and all(type(size) is int for size in sizes):
        shape = tuple(sizes)
    return RemoteTensor(member(entry, "name", str), bundle_dtype(member(entry, "datatype", str)), shape)
