"""The messages: byte for byte those of the compiled protocol, beside it in one process."""

import pytest
from google.protobuf.message import DecodeError
from tritonclient.grpc import model_config_pb2, service_pb2

from inference_core.oip.messages import DATA_TYPES, MESSAGES, message_class, methods

NOT_TRITONS = {("ModelMetadataResponse", "properties")}
"""A field of the specification that Triton's file lacks."""


def compiled(name: str) -> object:
    first, *rest = name.split(".")
    for module in (service_pb2, model_config_pb2):
        if hasattr(module, first):
            found = getattr(module, first)
            for part in rest:
                found = getattr(found, part)
            return found
    raise AssertionError(name)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_field_is_that_of_the_compiled_protocol(name: str) -> None:
    ours, theirs = message_class(name).DESCRIPTOR, compiled(name).DESCRIPTOR  # type: ignore[attr-defined]
    assert ours.full_name == theirs.full_name
    for field in ours.fields:
        if (name, field.name) in NOT_TRITONS:
            continue
        other = theirs.fields_by_name[field.name]
        for fact in ("number", "type", "is_repeated", "is_packed"):
            assert getattr(field, fact) == getattr(other, fact), (field.name, fact)
        for kind in ("message_type", "enum_type", "containing_oneof"):
            named = [getattr(getattr(side, kind), "name", None) for side in (field, other)]
            assert named[0] == named[1], (field.name, kind)


def test_the_enum_is_that_of_the_compiled_protocol() -> None:
    assert [f"TYPE_{name}" for name in DATA_TYPES] == model_config_pb2.DataType.keys()


def test_messages_travel_between_both() -> None:
    request = message_class("ModelInferRequest")(
        model_name="m",
        id="7",
        parameters={"timeout": {"int64_param": 3}, "ok": {"bool_param": False}},
        inputs=[{"name": "x", "datatype": "FP32", "shape": [1, 2], "contents": {"fp32_contents": [0.5, 1]}}],
        raw_input_contents=[b"abc"],
    )
    theirs = service_pb2.ModelInferRequest.FromString(request.SerializeToString())
    assert theirs.parameters["timeout"].int64_param == 3
    assert theirs.parameters["ok"].WhichOneof("parameter_choice") == "bool_param"
    assert list(theirs.inputs[0].contents.fp32_contents) == [0.5, 1]
    assert message_class("ModelInferRequest").FromString(theirs.SerializeToString()) == request


def test_clients_that_do_not_know_the_properties_read_the_rest() -> None:
    metadata = message_class("ModelMetadataResponse")(name="m", properties={"image_input": "image"})
    assert service_pb2.ModelMetadataResponse.FromString(metadata.SerializeToString()).name == "m"


def test_methods_are_those_with_a_request_and_a_response() -> None:
    names = [name for name, _, _ in methods()]
    assert "ModelInfer" in names
    assert "ModelStreamInfer" not in names
    assert len(names) == 10


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(DecodeError):
        message_class("ModelInferRequest").FromString(b"\xff\xff\xff")
