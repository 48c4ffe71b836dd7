"""What a TensorFlow Lite file tells. Runs in a process of its own: see `packing.apart`."""

import re
from typing import Any

import numpy as np
import tensorflow as tf

from inference_core.errors import PackError, first_line
from inference_core.packing.tensorflow.job import Facts, listed

_CUSTOM = re.compile(r"unresolved custom op: ([^\s.]+)")
_BYTES = "S"


def read_lite(path: str) -> Facts:
    """Facts as of `job`, under the names of the signature where there is one, and `quantized`.

    Raises:
        PackError: not a TensorFlow Lite file, an operator is missing, several signatures, or a quantized output.
    """
    interpreter = _open(path)
    try:
        inputs, outputs = (_tensors(path, interpreter, kind) for kind in ("input", "output"))
    except ValueError as error:  # a broken file may only now be found out
        raise _broken(path, error) from error
    details = interpreter.get_tensor_details()
    facts = {
        "version": tf.__version__,
        "inputs": [_fact(name, detail) for name, detail in inputs],
        "outputs": [_fact(name, detail) for name, detail in outputs],
        "quantized": any(_is_quantized(detail) for detail in details),
    }
    quantized = [name for name, detail in outputs if _is_quantized(detail)]
    if quantized:
        raise PackError(
            f"{path} has quantized outputs, whose numbers mean nothing to a step",
            got=listed(quantized),
            expected="outputs in float32",
            remedy="convert the model with inference_output_type = tf.float32",
        )
    return facts


def _open(path: str) -> Any:  # noqa: ANN401  # TensorFlow is untyped
    try:
        interpreter = tf.lite.Interpreter(path)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        custom = _CUSTOM.search(str(error))
        if custom:
            raise PackError(
                f"{path} uses an operator that TensorFlow Lite {tf.__version__} does not have",
                got=custom[1],
                remedy="convert the model without custom operators",
            ) from error
        raise _broken(path, error) from error
    return interpreter


def _broken(path: str, error: Exception) -> PackError:
    return PackError(f"{path} is not a usable TensorFlow Lite file", got=first_line(error), remedy="convert it again")


def _tensors(path: str, interpreter: Any, kind: str) -> list[tuple[str, Facts]]:  # noqa: ANN401
    """Names and details in the order of the file."""
    details: list[Facts] = getattr(interpreter, f"get_{kind}_details")()
    signatures = interpreter.get_signature_list()
    if not signatures:
        return [(detail["name"], detail) for detail in details]
    if len(signatures) > 1:
        raise PackError(
            f"{path} has several signatures to choose from",
            got=listed(sorted(signatures)),
            expected="one",
            remedy="convert the model with one signature",
        )
    [key] = signatures
    named = getattr(interpreter.get_signature_runner(key), f"get_{kind}_details")()
    names = {detail["index"]: name for name, detail in named.items()}
    return [(names[detail["index"]], detail) for detail in details if detail["index"] in names]


def _fact(name: str, detail: Facts) -> Facts:
    kind = np.dtype(detail["dtype"])
    dtype = "string" if kind.kind == _BYTES else kind.name
    shape = [None if size < 0 else int(size) for size in detail["shape_signature"]]
    return {"name": name, "tensor": detail["name"], "dtype": dtype, "shape": shape}


def _is_quantized(detail: Facts) -> bool:
    return np.dtype(detail["dtype"]).itemsize == 1 and len(detail["quantization_parameters"]["scales"]) > 0
