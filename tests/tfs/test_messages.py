"""The messages: byte for byte those of the compiled protocol, which the package tensorflow-serving-api has."""

from importlib import import_module
from typing import Any

import pytest

from inference_core.protobuf import class_in, make_pool
from inference_core.tfs.datatypes import NUMBERS
from inference_core.tfs.messages import AVAILABLE, PACKAGES, message_class

PREDICT = bytes.fromhex("0a0a0a016d120208031a017312170a0178121208011204120208022a080000c03f000000c0")
METADATA = bytes.fromhex(
    "128a010a0d7369676e61747572655f64656612790a36747970652e676f6f676c65617069732e636f6d2f74656e736f72666c6f772e7365727669"
    "6e672e5369676e61747572654465664d6170123f0a3d0a0f73657276696e675f64656661756c74122a0a1b0a017812160a03783a3010041a0d12"
    "0b08ffffffffffffffffff01120b0a0179120610131a021801"
)
STATUS = bytes.fromhex("0a060803101e1a000a0e080210321a08080e1204676f6e65")
"""Written by the compiled classes of tensorflow-serving-api 2.21."""
FILES = {
    "google.protobuf": ("google.protobuf.any_pb2", "google.protobuf.wrappers_pb2"),
    "tensorflow": tuple(
        f"tensorflow.core.{file}_pb2"
        for file in ("framework.tensor", "framework.tensor_shape", "framework.types", "protobuf.meta_graph")
    ),
    "tensorflow.serving": tuple(
        f"tensorflow_serving.apis.{file}_pb2"
        for file in ("model", "predict", "get_model_metadata", "get_model_status", "status")
    ),
}
NAMES = [(package.name, name) for package in PACKAGES for name in package.messages]


def compiled(package: str, name: str) -> Any:
    first, *rest = name.split(".")
    for file in FILES[package]:
        pytest.importorskip(file.split(".")[0], reason=f"{file} is not installed")
        found = import_module(file).DESCRIPTOR.message_types_by_name.get(first)
        if found is not None:
            for part in rest:
                found = found.nested_types_by_name[part]
            return found
    raise AssertionError(name)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_field_is_that_of_the_compiled_protocol(package: str, name: str) -> None:
    theirs = compiled(package, name)
    ours: Any = class_in(make_pool(*PACKAGES), f"{package}.{name}").DESCRIPTOR
    assert ours.full_name == theirs.full_name
    for field in ours.fields:
        other = theirs.fields_by_name[field.name]
        for fact in ("number", "type", "is_repeated", "is_packed"):
            assert getattr(field, fact) == getattr(other, fact), (field.name, fact)
        for kind in ("message_type", "enum_type", "containing_oneof"):
            named = [getattr(getattr(side, kind), "full_name", None) for side in (field, other)]
            assert named[0] == named[1], (field.name, kind)


def test_a_request_is_written_and_read_as_the_compiled_protocol_has_it() -> None:
    request: Any = message_class("PredictRequest")(
        model_spec={"name": "m", "version": {"value": 3}, "signature_name": "s"}
    )
    request.inputs["x"].MergeFrom(
        message_class("TensorProto")(dtype="DT_FLOAT", tensor_shape={"dim": [{"size": 2}]}, float_val=[1.5, -2])
    )
    assert message_class("PredictRequest").FromString(PREDICT) == request
    assert message_class("PredictRequest").FromString(request.SerializeToString()) == request


def test_metadata_are_read_as_the_compiled_protocol_writes_them() -> None:
    answer: Any = message_class("GetModelMetadataResponse").FromString(METADATA)
    packed = answer.metadata["signature_def"]
    assert packed.type_url == "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    signatures: Any = message_class("SignatureDefMap").FromString(packed.value)
    signature = signatures.signature_def["serving_default"]
    given, made = signature.inputs["x"], signature.outputs["y"]
    assert (given.name, given.dtype, given.tensor_shape.dim[0].size) == ("x:0", NUMBERS["DT_UINT8"], -1)
    assert (made.dtype, made.tensor_shape.unknown_rank) == (NUMBERS["DT_HALF"], True)


def test_states_are_read_as_the_compiled_protocol_writes_them() -> None:
    answer: Any = message_class("GetModelStatusResponse").FromString(STATUS)
    states = [(each.version, each.state, each.status.error_message) for each in answer.model_version_status]
    assert states == [(3, AVAILABLE, ""), (2, 50, "gone")]
