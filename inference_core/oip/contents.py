"""Tensors and parameters in messages of gRPC: raw bytes beside them, or elements in typed lists."""

from collections.abc import Sequence

import numpy as np
from google.protobuf.message import Message

from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import object_array
from inference_core.oip.datatypes import BYTES, wire_dtype
from inference_core.oip.tensors import Array, Tensor, count_elements, shaped

Parameter = bool | int | float | str

_LISTS = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
"""Which list holds which datatype. FP16 and BF16 have none: they travel raw."""


def read_messages(described: Sequence[Message], raws: Sequence[bytes]) -> list[Tensor]:
    """The tensors of a message: `inputs` and `raw_input_contents` of a request, or the outputs of an answer.

    Raises:
        BadRequestError: one does not fit its data, or both forms are used.
    """
    if not raws:
        return [_from_contents(entry) for entry in described]
    # Contents may be there all the same if they are empty: MLServer adds such to each output.
    if len(raws) != len(described) or any(entry.contents.ListFields() for entry in described):
        raise BadRequestError(
            "the raw contents are not one for each tensor",
            got=f"{len(raws)} raw contents for {len(described)} tensors",
            expected="raw contents for all tensors and no others, or for none",
        )
    return [
        Tensor.from_raw(entry.name, entry.datatype, list(entry.shape), raw)
        for entry, raw in zip(described, raws, strict=True)
    ]


def fill_message(tensors: Sequence[Tensor], described: Message, raws: Message) -> None:
    """Adds tensors to two lists of a message, such as `outputs` and `raw_output_contents`."""
    for tensor in tensors:
        described.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.array.shape)
        raws.append(bytes(tensor.to_raw()))


def read_parameters(parameters: Message) -> dict[str, Parameter]:
    """The values of a map of InferParameter; one without a value is left out."""
    chosen = ((name, value, value.WhichOneof("parameter_choice")) for name, value in parameters.items())
    return {name: getattr(value, choice) for name, value, choice in chosen if choice}


def _from_contents(entry: Message) -> Tensor:
    name, datatype, shape = entry.name, entry.datatype, list(entry.shape)
    count = count_elements(name, shape)
    if any(key.startswith("shared_memory") for key in entry.parameters):
        raise BadRequestError(
            f"tensor {name} lies in shared memory, which is not read here", remedy="send its data with the request"
        )
    if datatype not in _LISTS:
        wire_dtype(datatype, name)
        raise BadRequestError(
            f"tensor {name} has no contents", got=datatype, expected="raw contents, since no list holds this datatype"
        )
    listed = getattr(entry.contents, _LISTS[datatype])
    if len(listed) != count:
        raise BadRequestError(
            f"the contents of tensor {name} are not those of its shape",
            got=f"{len(listed)} in {_LISTS[datatype]}",
            expected=f"{count} for {datatype} {shape}",
        )
    array: Array = object_array(listed) if datatype == BYTES else _numbers(name, listed, datatype)
    return Tensor(name, datatype, shaped(name, array, shape))


def _numbers(name: str, listed: Sequence[float], datatype: str) -> Array:
    try:
        return np.fromiter(listed, wire_dtype(datatype, name), len(listed))
    except OverflowError as error:
        raise BadRequestError(
            f"the contents of tensor {name} are out of range", got=str(error), expected=f"numbers of {datatype}"
        ) from error
