"""Bodies of HTTP with binary tensors: a JSON object, and after it the tensors' bytes in the object's order.

Triton's binary tensor data extension: https://github.com/triton-inference-server/server, extension_binary_data.md.
"""

import json
from collections.abc import Sequence

import orjson

from inference_core.errors import BadRequestError
from inference_core.oip.datatypes import BYTES
from inference_core.oip.fields import Json, member
from inference_core.oip.tensors import Tensor
from inference_core.oip.values import from_base64, from_values, to_base64, to_values

HEADER_LENGTH = "Inference-Header-Content-Length"
"""The HTTP header that tells how many bytes the JSON object has. Without it, the body is all JSON."""


def split_body(body: bytes, header_length: str | None, *, lenient: bool = False) -> tuple[Json, memoryview]:
    """The JSON object of a body, and the binary data behind it.

    Args:
        body: all of it.
        header_length: what `HEADER_LENGTH` says, if it is there.
        lenient: takes NaN and Infinity, which some servers write though JSON has none.

    Raises:
        BadRequestError: the header tells no length within the body, or no JSON object is there.
    """
    view = memoryview(body)
    size = len(body)
    if header_length is not None:
        if not (header_length.isascii() and header_length.isdecimal() and float(header_length) <= size):
            raise BadRequestError(
                f"{HEADER_LENGTH} cannot be used",
                got=header_length[:40],
                expected=f"a number of bytes, at most the {size} of the body",
            )
        size = int(header_length)
    try:
        document = _loads(view[:size], lenient=lenient)
    except ValueError as error:
        raise BadRequestError(
            "the body does not begin with a JSON object",
            got=str(error),
            expected="JSON alone, or JSON and binary data",
            remedy=f"with binary data, say in {HEADER_LENGTH} how many bytes of JSON there are",
        ) from error
    if not isinstance(document, dict):
        raise BadRequestError("the body is no JSON object", got=type(document).__name__, expected="an object")
    return document, view[size:]


def read_tensors(listed: Sequence[Json], binary: memoryview, *, lenient: bool = False) -> list[Tensor]:
    """The tensors that `listed` describes, with their data in it or in `binary`.

    Args:
        listed: `inputs` of a request, or `outputs` of an answer.
        binary: what came after the JSON.
        lenient: as `from_values` has it.

    Raises:
        BadRequestError: one is incomplete or does not fit its data, or `binary` is not just what they take.
    """
    tensors, at = [], 0
    for entry in listed:
        size = member(entry, "parameters", dict, {}).get("binary_data_size")
        if size is None:
            tensors.append(_from_json(entry, lenient=lenient))
            continue
        if type(size) is not int or not 0 <= size <= len(binary) - at:
            raise BadRequestError(
                f"binary_data_size of tensor {entry.get('name')} cannot be used",
                got=str(size)[:40],
                expected=f"at most the {len(binary) - at} bytes that are left",
                remedy=f"say in {HEADER_LENGTH} how many bytes of JSON there are, and send the data after them",
            )
        if "data" in entry:
            raise BadRequestError(f"tensor {entry.get('name')} has both data and binary_data_size")
        tensors.append(Tensor.from_raw(*_described(entry), binary[at : at + size]))
        at += size
    if at != len(binary):
        raise BadRequestError(
            "there is more binary data than the tensors take",
            got=f"{len(binary)} bytes",
            expected=f"{at}, the sum of every binary_data_size",
        )
    return tensors


def join_body(document: Json, tensors: Sequence[tuple[Tensor, bool]]) -> tuple[bytes, int | None]:
    """A body of `document` with the tensors as its `outputs`, those marked so as binary data.

    Returns:
        The body, and how many bytes of it are JSON, or None where all are.

    Raises:
        BadRequestError: one is to be written as JSON, which cannot carry it.
    """
    listed = [
        (_raw(tensor) if binary else (_entry(tensor, data=to_values(tensor)), None)) for tensor, binary in tensors
    ]
    text, *raws = _parts(document, "outputs", listed)
    return (b"".join([text, *raws]), len(text)) if raws else (bytes(text), None)


def request_parts(document: Json, tensors: Sequence[Tensor], *, binary: bool) -> list[bytes | memoryview]:
    """A body of `document` with the tensors as its `inputs`: the JSON, and each tensor's bytes where `binary` is asked.

    The parts are not joined, and those of tensors lie in their arrays. As JSON, elements of BYTES travel in base64, as
    MLServer and Satchel read it, because pictures are no text.

    Raises:
        BadRequestError: JSON cannot carry one of them.
    """
    return _parts(document, "inputs", [_raw(tensor) if binary else (_plain(tensor), None) for tensor in tensors])


def _parts(
    document: Json, name: str, listed: Sequence[tuple[Json, bytes | memoryview | None]]
) -> list[bytes | memoryview]:
    text = orjson.dumps(document | {name: [entry for entry, _ in listed]}, option=orjson.OPT_SERIALIZE_NUMPY)
    return [text, *(raw for _, raw in listed if raw is not None)]


def _entry(tensor: Tensor, **members: object) -> Json:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.array.shape), **members}


def _raw(tensor: Tensor) -> tuple[Json, bytes | memoryview]:
    raw = tensor.to_raw()
    return _entry(tensor, parameters={"binary_data_size": len(raw)}), raw


def _plain(tensor: Tensor) -> Json:
    if tensor.datatype == BYTES:
        return _entry(tensor, data=to_base64(tensor), parameters={"content_type": "base64"})
    return _entry(tensor, data=to_values(tensor))


def _loads(text: memoryview, *, lenient: bool) -> object:
    """Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if not lenient:
            raise
        return json.loads(bytes(text))


def _described(entry: Json) -> tuple[str, str, list[object]]:
    return member(entry, "name", str), member(entry, "datatype", str), member(entry, "shape", list)


def _from_json(entry: Json, *, lenient: bool) -> Tensor:
    name, datatype, shape = _described(entry)
    parameters = member(entry, "parameters", dict, {})
    if any(key.startswith("shared_memory") for key in parameters):
        raise BadRequestError(
            f"tensor {name} lies in shared memory, which is not read here", remedy="send its data with the request"
        )
    data = member(entry, "data", list)
    if datatype == BYTES and parameters.get("content_type") == "base64":
        return from_base64(name, shape, data)
    return from_values(name, datatype, shape, data, lenient=lenient)
