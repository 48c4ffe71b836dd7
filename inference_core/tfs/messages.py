"""The messages of gRPC: described in tables, one for each package.

Names and numbers are those of tensor.proto, tensor_shape.proto, types.proto (tensorflow/core/framework) and
meta_graph.proto (tensorflow/core/protobuf) of tensorflow/tensorflow, and of model.proto, predict.proto,
get_model_metadata.proto, get_model_status.proto and status.proto (tensorflow_serving/apis) of tensorflow/serving.
Fields that are of no use here are left out.
"""

from functools import cache

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from inference_core.protobuf import Fields, Package, class_in, make_pool
from inference_core.tfs.datatypes import NUMBERS

PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"

SIGNATURE_DEF = "signature_def"
"""The field of a model's metadata that can be asked for: an Any that holds a SignatureDefMap."""
AVAILABLE = 30
"""The state of a version that answers."""

_TENSORS = "map tensorflow.TensorProto"
_SPEC = {"model_spec": (1, "ModelSpec")}

WELL_KNOWN: dict[str, Fields] = {
    "Any": {"type_url": (1, "string"), "value": (2, "bytes")},
    "Int64Value": {"value": (1, "int64")},
}
"""Of the package google.protobuf."""

TENSORFLOW: dict[str, Fields] = {
    "TensorShapeProto": {"dim": (2, "repeated Dim"), "unknown_rank": (3, "bool")},
    "TensorShapeProto.Dim": {"size": (1, "int64"), "name": (2, "string")},
    "TensorProto": {
        "dtype": (1, "DataType"),
        "tensor_shape": (2, "TensorShapeProto"),
        "tensor_content": (4, "bytes"),
        "half_val": (13, "repeated int32"),
        "float_val": (5, "repeated float"),
        "double_val": (6, "repeated double"),
        "int_val": (7, "repeated int32"),
        "string_val": (8, "repeated bytes"),
        "int64_val": (10, "repeated int64"),
        "bool_val": (11, "repeated bool"),
        "uint32_val": (16, "repeated uint32"),
        "uint64_val": (17, "repeated uint64"),
    },
    "TensorInfo": {
        "name": (1, "oneof encoding string"),
        "dtype": (2, "DataType"),
        "tensor_shape": (3, "TensorShapeProto"),
    },
    "SignatureDef": {
        "inputs": (1, "map TensorInfo"),
        "outputs": (2, "map TensorInfo"),
        "method_name": (3, "string"),
    },
}
"""Of the package tensorflow."""

SERVING: dict[str, Fields] = {
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "oneof version_choice google.protobuf.Int64Value"),
        "version_label": (4, "oneof version_choice string"),
        "signature_name": (3, "string"),
    },
    "PredictRequest": {**_SPEC, "inputs": (2, _TENSORS), "output_filter": (3, "repeated string")},
    "PredictResponse": {"model_spec": (2, "ModelSpec"), "outputs": (1, _TENSORS)},
    "GetModelMetadataRequest": {**_SPEC, "metadata_field": (2, "repeated string")},
    "GetModelMetadataResponse": {**_SPEC, "metadata": (2, "map google.protobuf.Any")},
    "SignatureDefMap": {"signature_def": (1, "map tensorflow.SignatureDef")},
    "GetModelStatusRequest": _SPEC,
    "GetModelStatusResponse": {"model_version_status": (1, "repeated ModelVersionStatus")},
    "ModelVersionStatus": {"version": (1, "int64"), "state": (2, "State"), "status": (3, "StatusProto")},
    "StatusProto": {"error_message": (2, "string")},
}
"""Of the package tensorflow.serving."""

_STATES = {"UNKNOWN": 0, "START": 10, "LOADING": 20, "AVAILABLE": AVAILABLE, "UNLOADING": 40, "END": 50}

PACKAGES = (
    Package("google.protobuf", WELL_KNOWN),
    Package("tensorflow", TENSORFLOW, {"DataType": NUMBERS}),
    Package(
        "tensorflow.serving",
        SERVING,
        {"ModelVersionStatus.State": _STATES},
        uses=("google.protobuf", "tensorflow"),
    ),
)


@cache
def message_class(name: str) -> type[Message]:
    """The class of the message `name` of the package tensorflow.serving, or of tensorflow, in a pool of ours."""
    return class_in(_pool(), f"tensorflow.serving.{name}" if name in SERVING else f"tensorflow.{name}")


@cache
def _pool() -> DescriptorPool:
    return make_pool(*PACKAGES)
