"""Protobuf's text format, as protobuf itself reads it."""

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from inference_core.export.pbtxt import Symbol, Value, format_message, map_field


def test_protobuf_reads_what_is_written() -> None:
    said = 'a "name", back\\slash, käse,\ttab'
    fields: dict[str, Value] = {
        "name": said,
        "max_batch_size": 4,
        "input": [{"name": "x", "data_type": Symbol("TYPE_FP32"), "dims": [3, -1]}],
        "dynamic_batching": {"preferred_batch_size": [4, 8], "preserve_ordering": True},
        "parameters": map_field({"one": {"string_value": "1"}, "two": {"string_value": ""}}),
        "output": [],
    }
    read = text_format.Parse(format_message(fields), model_config_pb2.ModelConfig())
    assert (read.name, read.max_batch_size) == (said, 4)
    [tensor] = read.input
    assert (tensor.name, tensor.data_type, list(tensor.dims)) == ("x", model_config_pb2.TYPE_FP32, [3, -1])
    assert list(read.dynamic_batching.preferred_batch_size) == [4, 8]
    assert read.dynamic_batching.preserve_ordering is True
    assert {key: value.string_value for key, value in read.parameters.items()} == {"one": "1", "two": ""}
    assert not read.output


def test_it_is_written_for_people() -> None:
    text = format_message({"a": "b", "c": {"d": [1, 2], "e": False}, "f": [{"g": Symbol("H")}]})
    assert text == 'a: "b"\nc {\n  d: [1, 2]\n  e: false\n}\nf {\n  g: H\n}\n'
