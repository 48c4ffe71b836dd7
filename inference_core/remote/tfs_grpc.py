"""TensorFlow Serving over gRPC."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.remote.channel import Channel
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.plan import Plan
from inference_core.remote.tfs_signature import no_pictures, no_signature
from inference_core.tfs.datatypes import NUMBERS, dtype_of

_NAMES = {number: name for name, number in NUMBERS.items()}


class TfsGrpcConnection:
    """See `Connection`.

    Args:
        plan: the model's name, version (a number, or else a label) and signature, and how it is asked.
        url: `grpc://host:port`, or `grpcs://` with TLS.

    Raises:
        MissingDependencyError: a package that it needs is not installed.
        SettingsError: the authorities' certificates cannot be read.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        self._channel = Channel(plan, url)
        self._signature = plan.signature
        self._spec: dict[str, Any] = {"name": plan.model}
        if plan.version is not None:
            is_number = plan.version.isdecimal()
            self._spec |= {"version": {"value": int(plan.version)}} if is_number else {"version_label": plan.version}

    def is_ready(self, timeout: float) -> bool:
        """See `Connection.is_ready`. Of several versions, one that is available will do."""
        from inference_core.tfs.messages import AVAILABLE, MODEL_SERVICE, message_class

        request = message_class("GetModelStatusRequest")(model_spec=self._spec)
        answered = message_class("GetModelStatusResponse")
        answer = self._channel.call(f"{MODEL_SERVICE}/GetModelStatus", request, answered, timeout)
        return any(version.state == AVAILABLE for version in answer.model_version_status)

    def describe(self, timeout: float) -> RemoteModel:
        """See `Connection.describe`. The signature's tensors, by name."""
        from google.protobuf.message import DecodeError

        from inference_core.tfs.messages import PREDICTION_SERVICE, SIGNATURE_DEF, message_class

        request = message_class("GetModelMetadataRequest")(model_spec=self._spec, metadata_field=[SIGNATURE_DEF])
        answered = message_class("GetModelMetadataResponse")
        answer = self._channel.call(f"{PREDICTION_SERVICE}/GetModelMetadata", request, answered, timeout)
        try:
            found: Any = message_class("SignatureDefMap").FromString(answer.metadata[SIGNATURE_DEF].value)
        except DecodeError as error:
            raise CallError(Failure.GARBAGE, "the model's metadata hold no signatures") from error
        if self._signature not in found.signature_def:
            raise no_signature(self._signature, found.signature_def)
        signature = found.signature_def[self._signature]
        return RemoteModel(_described(signature.inputs), _described(signature.outputs))

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """See `Connection.infer`. bfloat16 comes as float32."""
        from inference_core.tfs.messages import PREDICTION_SERVICE, message_class
        from inference_core.tfs.tensors import fill_proto, read_proto

        request: Any = message_class("PredictRequest")(model_spec=self._spec)
        request.model_spec.signature_name = self._signature
        for name, array in inputs.items():
            fill_proto(array, request.inputs[name])
        answer = self._channel.call(f"{PREDICTION_SERVICE}/Predict", request, message_class("PredictResponse"), timeout)
        try:
            return {name: read_proto(proto) for name, proto in answer.outputs.items()}
        except ValueError as error:
            raise CallError(Failure.GARBAGE, str(error)) from error

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> NoReturn:
        """Always raises CallError: the protocol has no encoded pictures, and a plan with them is none."""
        raise no_pictures()

    def close(self) -> None:
        """See `Connection.close`."""
        self._channel.close()


def _described(tensors: Mapping[str, Any]) -> tuple[RemoteTensor, ...]:
    return tuple(
        RemoteTensor(name, dtype_of(_NAMES.get(info.dtype, str(info.dtype))), _shape(info.tensor_shape))
        for name, info in sorted(tensors.items())
    )


def _shape(proto: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    return None if proto.unknown_rank else tuple(dim.size for dim in proto.dim)
