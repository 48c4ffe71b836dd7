"""The Open Inference Protocol over gRPC."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inference_core.engines import Array
from inference_core.errors import BadRequestError
from inference_core.limits import Limits
from inference_core.oip.datatypes import bundle_dtype
from inference_core.oip.tensors import Tensor
from inference_core.predictor import Outcome
from inference_core.remote.channel import Channel
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.pictures import predict_in_runs, takes_images
from inference_core.remote.plan import Plan

if TYPE_CHECKING:
    from google.protobuf.message import Message


_CHOICES: dict[type, str] = {bool: "bool_param", int: "int64_param", float: "double_param"}


class OipGrpcConnection:
    """See `Connection`.

    Args:
        plan: the model's name and version, and how it is asked.
        url: `grpc://host:port`, or `grpcs://` with TLS.

    Raises:
        MissingDependencyError: a package that it needs is not installed.
        SettingsError: the authorities' certificates cannot be read.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        self._channel = Channel(plan, url)
        self._named = {"name": plan.model, "version": plan.version or ""}
        self._asked = {"model_name": plan.model, "model_version": plan.version or ""}

    def is_ready(self, timeout: float) -> bool:
        """See `Connection.is_ready`."""
        return bool(self._call("ModelReady", self._named, timeout).ready)

    def describe(self, timeout: float) -> RemoteModel | None:
        """See `Connection.describe`. None also where the server lists no tensor: MLServer need not be told of any."""
        answer = self._call("ModelMetadata", self._named, timeout)
        inputs, outputs = (tuple(map(_described, listed)) for listed in (answer.inputs, answer.outputs))
        if not inputs and not outputs:
            return None
        return RemoteModel(inputs, outputs, takes_images(answer.properties, inputs, outputs))

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """See `Connection.infer`. BF16 comes as float32."""
        tensors = [Tensor.of(name, array) for name, array in inputs.items()]
        return self._infer(tensors, {}, timeout)

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> list[Outcome]:
        """See `Connection.predict`. One request for each run of pictures with the same limits."""
        return predict_in_runs(images, limits, timeout, self._infer)

    def close(self) -> None:
        """See `Connection.close`."""
        self._channel.close()

    def _infer(self, tensors: Sequence[Tensor], parameters: Mapping[str, float], timeout: float) -> dict[str, Array]:
        from inference_core.oip.contents import fill_message, read_messages
        from inference_core.oip.messages import message_class

        request: Any = message_class("ModelInferRequest")(**self._asked)
        for name, value in parameters.items():
            setattr(request.parameters[name], _CHOICES[type(value)], value)
        fill_message(tensors, request.inputs, request.raw_input_contents)
        answer = self._send("ModelInfer", request, timeout)
        try:
            outputs = read_messages(answer.outputs, answer.raw_output_contents)
        except BadRequestError as error:
            raise CallError(Failure.GARBAGE, error.message) from error
        return {tensor.name: tensor.widened() for tensor in outputs}

    def _call(self, method: str, fields: Mapping[str, Any], timeout: float) -> Any:  # noqa: ANN401
        from inference_core.oip.messages import message_class

        return self._send(method, message_class(f"{method}Request")(**fields), timeout)

    def _send(self, method: str, request: "Message", timeout: float) -> Any:  # noqa: ANN401
        from inference_core.oip.messages import SERVICE, message_class

        return self._channel.call(f"{SERVICE}/{method}", request, message_class(f"{method}Response"), timeout)


def _described(entry: Any) -> RemoteTensor:  # noqa: ANN401
    return RemoteTensor(entry.name, bundle_dtype(entry.datatype), tuple(entry.shape))
