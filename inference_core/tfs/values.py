"""Arrays as JSON, and back (https://www.tensorflow.org/tfx/serving/api_rest, "JSON mapping")."""

import base64
import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import orjson

from inference_core.tfs.datatypes import BFLOAT16, STRING

Array = npt.NDArray[np.generic]


def to_json(document: Mapping[str, object], inputs: Mapping[str, Array]) -> bytes:
    """The JSON of `document` with arrays as its `inputs`; bytes, in arrays of objects, as `{"b64": "..."}`.

    JSON has no numbers that are not finite. They are written as TensorFlow Serving reads and writes them, which takes
    several times as long: NaN, Infinity, -Infinity.
    """
    whole = {**document, "inputs": dict(inputs)}
    if all(array.dtype.kind != "f" or np.isfinite(array).all() for array in inputs.values()):
        return orjson.dumps(whole, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps(whole, default=_plain).encode()


def from_json(content: bytes) -> object:
    """What a body of JSON says, which may have such numbers.

    Raises:
        ValueError: it is none.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content)


def array_of(value: object, dtype: str, shape: tuple[int, ...] | None) -> Array:
    """The array that a value of JSON, or lists of them, stand for. bfloat16 becomes float32, and null is no number.

    Args:
        value: as it was read.
        dtype: as in bundles.
        shape: what is known of it. Lists tell nothing of axes behind one of no elements; those are taken from here.

    Raises:
        ValueError: lists are uneven, or hold other elements.
    """
    if dtype == STRING:
        return _texts(value)
    try:
        array: Array = np.array(value, np.float32 if dtype == BFLOAT16 else dtype)
    except (OverflowError, TypeError) as error:
        raise ValueError(f"no {dtype}: {error}") from error
    if not array.size and shape is not None:
        array = array.reshape(array.shape + tuple(max(axis, 0) for axis in shape[array.ndim :]))
    return array


def _texts(value: object) -> Array:
    listed = np.array(value, np.object_)
    elements = np.empty(listed.size, np.object_)
    elements[:] = [_bytes(each) for each in listed.ravel().tolist()]
    return elements.reshape(listed.shape)


def _bytes(value: object) -> bytes:
    """Text, or bytes in base64."""
    match value:
        case str():
            return value.encode()
        case {"b64": str() as text}:
            return base64.b64decode(text, validate=True)
    raise ValueError(f"no text: {value!r:.40}")


def _plain(value: object) -> object:
    """What stands for a value that the encoder does not know."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray | np.generic):
        known = value.astype(np.float32) if value.dtype.name == BFLOAT16 else value
        return known.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")
