"""TensorFlow Serving over REST (https://www.tensorflow.org/tfx/serving/api_rest)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.http import HttpSender
from inference_core.remote.http_answer import HttpAnswer, check
from inference_core.remote.plan import Plan
from inference_core.remote.tfs_signature import no_pictures, no_signature
from inference_core.tfs.datatypes import dtype_of
from inference_core.tfs.values import array_of, from_json, to_json

_JSON = {"Content-Type": "application/json"}


class TfsHttpConnection:
    """See `Connection`.

    Inputs travel in columns (`inputs`), which need no batch on axis 0, and which every server of the protocol knows.

    Args:
        plan: the model's name, version (a number, or else a label) and signature, and how it is asked.
        url: of the endpoint.

    Raises:
        SettingsError, MissingDependencyError: see `HttpSender`.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        self._sender = HttpSender(plan, url)
        self._signature = plan.signature
        self._path = f"v1/models/{quote(plan.model, safe='')}"
        if plan.version is not None:
            kind = "versions" if plan.version.isdecimal() else "labels"
            self._path += f"/{kind}/{quote(plan.version, safe='')}"
        self._outputs: tuple[RemoteTensor, ...] | None = None

    def is_ready(self, timeout: float) -> bool:
        """See `Connection.is_ready`. Of several versions, one that is available will do."""
        document = _document(check(self._sender.send("GET", self._path, timeout=timeout)))
        try:
            return any(version["state"] == "AVAILABLE" for version in document["model_version_status"])
        except (KeyError, TypeError) as error:
            raise CallError(Failure.GARBAGE, "the answer holds no state of the model") from error

    def describe(self, timeout: float) -> RemoteModel:
        """See `Connection.describe`. The signature's tensors, by name."""
        document = _document(check(self._sender.send("GET", f"{self._path}/metadata", timeout=timeout)))
        try:
            signatures = document["metadata"]["signature_def"]["signature_def"]
            if self._signature not in signatures:
                raise no_signature(self._signature, signatures)
            signature = signatures[self._signature]
            model = RemoteModel(_described(signature["inputs"]), _described(signature["outputs"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CallError(Failure.GARBAGE, "the answer holds no signature of the model") from error
        self._outputs = model.outputs
        return model

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """See `Connection.infer`. JSON has no dtypes: outputs get those of the signature, which is asked for before
        the first call, and bfloat16 becomes float32."""
        until = time.monotonic() + timeout
        outputs = self._outputs or self.describe(timeout).outputs
        body = to_json({"signature_name": self._signature}, inputs)
        left = until - time.monotonic()
        answer = self._sender.send("POST", f"{self._path}:predict", body=[body], headers=_JSON, timeout=left)
        given = _document(check(answer)).get("outputs")
        columns = {outputs[0].name: given} if len(outputs) == 1 and given is not None else given
        if not isinstance(columns, dict):
            raise CallError(Failure.GARBAGE, "the answer has no outputs by name")
        return {tensor.name: _array(columns[tensor.name], tensor) for tensor in outputs if tensor.name in columns}

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> NoReturn:
        """Always raises CallError: the protocol has no encoded pictures, and a plan with them is none."""
        raise no_pictures()

    def close(self) -> None:
        """See `Connection.close`."""
        self._sender.close()


def _document(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object of an answer, which may have NaN and Infinity in it."""
    try:
        document = from_json(answer.content)
    except ValueError as error:
        raise CallError(Failure.GARBAGE, f"the answer is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise CallError(Failure.GARBAGE, "the answer is no JSON object")
    return document


def _described(tensors: Mapping[str, Any]) -> tuple[RemoteTensor, ...]:
    return tuple(
        RemoteTensor(name, dtype_of(info["dtype"]), _shape(info["tensor_shape"]))
        for name, info in sorted(tensors.items())
    )


def _shape(proto: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Whole numbers of 64 bits are text in the JSON of messages."""
    if proto.get("unknown_rank"):
        return None
    return tuple(int(dim["size"]) for dim in proto.get("dim", []))


def _array(value: object, tensor: RemoteTensor) -> Array:
    try:
        return array_of(value, tensor.dtype, tensor.shape)
    except ValueError as error:
        raise CallError(Failure.GARBAGE, f"output {tensor.name}: {error}") from error
