"""The values of a request to the tensors of a model, and tensors to the values of an answer."""

import base64
from collections.abc import Mapping

import numpy as np
import orjson

from inference_core.bundle import Artifact
from inference_core.engines import Array
from inference_core.errors import BadRequestError
from inference_core.oip.tensors import Tensor
from inference_core.server.oip.feeding import check_fed
from inference_core.server.tfs.arrays import array_of
from inference_core.server.tfs.asked import Asked


def tensors_of(asked: Asked, artifact: Artifact) -> dict[str, Array]:
    """The arrays for `Scheduler.infer`.

    Raises:
        BadRequestError: names, types or shapes are not those of the artifact.
    """
    columns = _columns(asked, artifact)
    specs = {spec.name: spec for spec in artifact.inputs}
    if columns.keys() != specs.keys():
        raise _other_inputs(", ".join(columns)[:80] or "none", artifact)
    tensors = [Tensor.of(name, array_of(value, specs[name])) for name, value in columns.items()]
    return check_fed(tensors, artifact)


def row_values(outputs: Mapping[str, Array], count: int) -> list[object]:
    """The outputs of each of `count` instances: the value where there is one output, an object where there are several.

    Raises:
        BadRequestError: an output does not have one row for each.
    """
    for name, array in outputs.items():
        if array.shape[:1] != (count,):
            raise BadRequestError(
                f"output {name} has no row for each instance",
                got=str(list(array.shape)),
                expected=f"{count} on axis 0",
                remedy="send the columnar form: inputs in place of instances",
            )
    rows = zip(*outputs.values(), strict=True)
    return [row[0] if len(outputs) == 1 else dict(zip(outputs, row, strict=True)) for row in rows]


def column_values(outputs: Mapping[str, Array]) -> object:
    """Each whole output: the value where there is one, an object where there are several."""
    return next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs)


def to_json(document: object) -> bytes:
    """The JSON of plain values, results and arrays. Numbers that are not finite become null, bytes `{"b64": "..."}`."""
    return orjson.dumps(document, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)


def _plain(value: object) -> object:
    """What stands for a value that orjson does not know."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray | np.generic):
        known = value.astype(np.float32) if value.dtype.name == "bfloat16" else value
        return known.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _columns(asked: Asked, artifact: Artifact) -> Mapping[str, object]:
    """The values of each named input, whichever form they came in."""
    content = asked.content
    if not asked.by_row and isinstance(content, dict):
        return content
    if asked.by_row and isinstance(content, list) and any(isinstance(row, dict) for row in content):
        names = content[0].keys() if isinstance(content[0], dict) else ()
        if not all(isinstance(row, dict) and row.keys() == names for row in content):
            raise _other_inputs("instances that are not alike", artifact)
        return {name: [row[name] for row in content] for name in names}
    if len(artifact.inputs) > 1:
        raise _other_inputs("values without names", artifact)
    return {artifact.inputs[0].name: content}


def _other_inputs(got: str, artifact: Artifact) -> BadRequestError:
    return BadRequestError(
        "the inputs are not those of the model",
        got=got,
        expected=", ".join(spec.name for spec in artifact.inputs),
        remedy='send these, or encoded pictures as {"b64": "<base64 of the file>"}',
    )
