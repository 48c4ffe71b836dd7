"""TensorFlow Serving over gRPC: what is asked, what is made of the answers, and a real SavedModel behind it."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.tfs_grpc import TfsGrpcConnection
from inference_core.tfs.messages import MODEL_SERVICE, PREDICTION_SERVICE, message_class
from tests.remote.grpc_doors import Answer, answering, plan, refusing
from tests.tfs.test_messages import METADATA, STATUS

WITHIN = 10.0
STATE, DESCRIBE, PREDICT = (
    f"{MODEL_SERVICE}/GetModelStatus",
    f"{PREDICTION_SERVICE}/GetModelMetadata",
    f"{PREDICTION_SERVICE}/Predict",
)


def with_answer(method: str, answer: bytes | Answer, call: Callable[[TfsGrpcConnection], Any], **fields: Any) -> Any:
    given = answer if callable(answer) else lambda request, context: answer
    asked = plan(protocol="tfs-grpc", **fields)
    with (
        answering({method: given}) as port,
        closing(TfsGrpcConnection(asked, f"grpc://127.0.0.1:{port}")) as connection,
    ):
        return call(connection)


def failure(method: str, answer: bytes | Answer, call: Callable[[TfsGrpcConnection], Any], **fields: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        with_answer(method, answer, call, **fields)
    return caught.value


def is_ready(connection: TfsGrpcConnection) -> bool:
    return connection.is_ready(WITHIN)


def describe(connection: TfsGrpcConnection) -> RemoteModel:
    return connection.describe(WITHIN)


def infer(connection: TfsGrpcConnection) -> dict[str, Any]:
    return connection.infer({"x": np.array([[1.5, -2]], np.float32)}, WITHIN)


def test_one_available_version_is_ready() -> None:
    assert with_answer(STATE, STATUS, is_ready) is True
    loading = message_class("GetModelStatusResponse")(model_version_status=[{"state": "LOADING"}, {"state": "END"}])
    assert with_answer(STATE, loading.SerializeToString(), is_ready) is False
    error = failure(STATE, refusing("NOT_FOUND", "Could not find any versions of model m"), is_ready)
    assert (error.kind, error.said) == (Failure.REFUSED, "Could not find any versions of model m")


def test_the_signature_is_described() -> None:
    assert with_answer(DESCRIBE, METADATA, describe) == RemoteModel(
        (RemoteTensor("x", "uint8", (-1,)),), (RemoteTensor("y", "float16", None),)
    )


def test_a_signature_that_is_not_there_is_refused() -> None:
    error = failure(DESCRIBE, METADATA, describe, signature="other")
    assert (error.kind, error.said) == (Failure.REFUSED, "the model has no signature other, but serving_default")


def test_metadata_without_signatures_are_garbage_or_none() -> None:
    answer: Any = message_class("GetModelMetadataResponse")()
    assert failure(DESCRIBE, answer.SerializeToString(), describe).said.endswith("serving_default, but none")
    answer.metadata["signature_def"].value = b"\xff"
    assert failure(DESCRIBE, answer.SerializeToString(), describe).kind is Failure.GARBAGE


@pytest.mark.parametrize(
    ("version", "wanted"),
    [(None, {}), ("12", {"version": {"value": 12}}), ("canary", {"version_label": "canary"})],
)
def test_every_request_names_model_version_and_signature(version: str | None, wanted: dict[str, Any]) -> None:
    seen: list[Any] = []

    def keep(request: bytes, context: Any) -> bytes:
        seen.append(message_class("PredictRequest").FromString(request))
        return b""

    assert with_answer(PREDICT, keep, infer, version=version, signature="s") == {}
    spec = message_class("ModelSpec")(name="m", signature_name="s", **wanted)
    assert seen[0].model_spec == spec
    [(name, proto)] = seen[0].inputs.items()
    assert (name, proto.dtype, [dim.size for dim in proto.tensor_shape.dim]) == ("x", 1, [1, 2])
    assert proto.tensor_content == np.array([1.5, -2], "<f4").tobytes()


def test_every_output_comes_back_in_either_form() -> None:
    answer: Any = message_class("PredictResponse")()
    shape = {"dim": [{"size": 2}]}
    made = message_class("TensorProto")
    answer.outputs["listed"].MergeFrom(made(dtype="DT_INT64", tensor_shape=shape, int64_val=[3]))
    answer.outputs["raw"].MergeFrom(made(dtype="DT_DOUBLE", tensor_shape=shape, tensor_content=bytes(16)))
    outputs = with_answer(PREDICT, answer.SerializeToString(), infer)
    assert {name: (value.dtype.name, value.tolist()) for name, value in outputs.items()} == {
        "listed": ("int64", [3, 3]),
        "raw": ("float64", [0.0, 0.0]),
    }


def test_an_output_that_is_none_is_garbage() -> None:
    answer: Any = message_class("PredictResponse")()
    answer.outputs["y"].MergeFrom(message_class("TensorProto")(dtype="DT_FLOAT", tensor_content=b"123"))
    assert failure(PREDICT, answer.SerializeToString(), infer).kind is Failure.GARBAGE


def test_encoded_pictures_are_refused() -> None:
    error = failure(PREDICT, b"", lambda connection: connection.predict([b""], [], WITHIN))
    assert error.kind is Failure.REFUSED
