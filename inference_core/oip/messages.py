"""The messages of gRPC: described in one table.

Names and numbers are those of grpc_service.proto and model_config.proto (triton-inference-server/common), which contain
open_inference_grpc.proto (kserve/open-inference-protocol) but for the `properties` of a model's metadata.
"""

from collections.abc import Iterator
from functools import cache

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from inference_core.protobuf import Fields, Package, class_in, make_pool

PACKAGE = "inference"
SERVICE = "inference.GRPCInferenceService"

_ONE_OF = "oneof parameter_choice"
_PARAMETERS = "map InferParameter"
_NAME_AND_VERSION = {"name": (1, "string"), "version": (2, "string")}
_TENSOR = {
    "name": (1, "string"),
    "datatype": (2, "string"),
    "shape": (3, "repeated int64"),
}
_MODEL_TENSOR = {"name": (1, "string"), "data_type": (2, "DataType")}
_CHANGE = {
    "repository_name": (1, "string"),
    "model_name": (2, "string"),
    "parameters": (3, "map ModelRepositoryParameter"),
}

MESSAGES: dict[str, Fields] = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": (1, "bool")},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": (1, "bool")},
    "ServerMetadataRequest": {},
    "ServerMetadataResponse": {**_NAME_AND_VERSION, "extensions": (3, "repeated string")},
    "ModelReadyRequest": _NAME_AND_VERSION,
    "ModelReadyResponse": {"ready": (1, "bool")},
    "ModelMetadataRequest": _NAME_AND_VERSION,
    "ModelMetadataResponse": {
        "name": (1, "string"),
        "versions": (2, "repeated string"),
        "platform": (3, "string"),
        "inputs": (4, "repeated ModelMetadataResponse.TensorMetadata"),
        "outputs": (5, "repeated ModelMetadataResponse.TensorMetadata"),
        "properties": (6, "map string"),
    },
    "ModelMetadataResponse.TensorMetadata": _TENSOR,
    "ModelConfigRequest": _NAME_AND_VERSION,
    "ModelConfigResponse": {"config": (1, "ModelConfig")},
    "ModelConfig": {
        "name": (1, "string"),
        "platform": (2, "string"),
        "max_batch_size": (4, "int32"),
        "input": (5, "repeated ModelInput"),
        "output": (6, "repeated ModelOutput"),
        "backend": (17, "string"),
    },
    "ModelInput": {**_MODEL_TENSOR, "dims": (4, "repeated int64")},
    "ModelOutput": {**_MODEL_TENSOR, "dims": (3, "repeated int64")},
    "InferParameter": {
        "bool_param": (1, f"{_ONE_OF} bool"),
        "int64_param": (2, f"{_ONE_OF} int64"),
        "string_param": (3, f"{_ONE_OF} string"),
        "double_param": (4, f"{_ONE_OF} double"),
        "uint64_param": (5, f"{_ONE_OF} uint64"),
    },
    "InferTensorContents": {
        "bool_contents": (1, "repeated bool"),
        "int_contents": (2, "repeated int32"),
        "int64_contents": (3, "repeated int64"),
        "uint_contents": (4, "repeated uint32"),
        "uint64_contents": (5, "repeated uint64"),
        "fp32_contents": (6, "repeated float"),
        "fp64_contents": (7, "repeated double"),
        "bytes_contents": (8, "repeated bytes"),
    },
    "ModelInferRequest": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, _PARAMETERS),
        "inputs": (5, "repeated ModelInferRequest.InferInputTensor"),
        "outputs": (6, "repeated ModelInferRequest.InferRequestedOutputTensor"),
        "raw_input_contents": (7, "repeated bytes"),
    },
    "ModelInferRequest.InferInputTensor": {
        **_TENSOR,
        "parameters": (4, _PARAMETERS),
        "contents": (5, "InferTensorContents"),
    },
    "ModelInferRequest.InferRequestedOutputTensor": {"name": (1, "string"), "parameters": (2, _PARAMETERS)},
    "ModelInferResponse": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, _PARAMETERS),
        "outputs": (5, "repeated ModelInferResponse.InferOutputTensor"),
        "raw_output_contents": (6, "repeated bytes"),
    },
    "ModelInferResponse.InferOutputTensor": {
        **_TENSOR,
        "parameters": (4, _PARAMETERS),
        "contents": (5, "InferTensorContents"),
    },
    "ModelStreamInferResponse": {"error_message": (1, "string"), "infer_response": (2, "ModelInferResponse")},
    "ModelRepositoryParameter": {
        "bool_param": (1, f"{_ONE_OF} bool"),
        "int64_param": (2, f"{_ONE_OF} int64"),
        "string_param": (3, f"{_ONE_OF} string"),
        "bytes_param": (4, f"{_ONE_OF} bytes"),
    },
    "RepositoryIndexRequest": {"repository_name": (1, "string"), "ready": (2, "bool")},
    "RepositoryIndexResponse": {"models": (1, "repeated RepositoryIndexResponse.ModelIndex")},
    "RepositoryIndexResponse.ModelIndex": {**_NAME_AND_VERSION, "state": (3, "string"), "reason": (4, "string")},
    "RepositoryModelLoadRequest": _CHANGE,
    "RepositoryModelLoadResponse": {},
    "RepositoryModelUnloadRequest": _CHANGE,
    "RepositoryModelUnloadResponse": {},
}
"""Each message's fields."""

DATA_TYPES = (
    *("INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"),
    *("FP16", "FP32", "FP64", "STRING", "BF16"),
)
"""The enum DataType of model configurations, numbered from 0, without its prefix TYPE_."""


@cache
def message_class(name: str) -> type[Message]:
    """The class of the message `name`, in a pool of ours: another copy of the protocol may live in the same process."""
    return class_in(_pool(), f"{PACKAGE}.{name}")


@cache
def _pool() -> DescriptorPool:
    numbers = {f"TYPE_{data_type}": number for number, data_type in enumerate(DATA_TYPES)}
    return make_pool(Package(PACKAGE, MESSAGES, {"DataType": numbers}))


def methods() -> Iterator[tuple[str, type[Message], type[Message]]]:
    """Each method of the service that answers one request with one answer: its name, and the classes of both."""
    for name in MESSAGES:
        method, _, kind = name.rpartition("Request")
        if method and not kind and f"{method}Response" in MESSAGES:
            yield method, message_class(name), message_class(f"{method}Response")
