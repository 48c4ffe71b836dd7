"""The child that converts an ONNX graph to OpenVINO's representation.

A child, since OpenVINO numbers the nodes it makes through the life of a process: only a fresh one gives the same bytes
for the same model.
"""

import re
from pathlib import Path

import numpy as np
import openvino as ov

from inference_core.errors import PackError

VERSION = ov.get_version().partition("-")[0]
_UNKNOWN = re.compile(r"No conversion rule found for operations: (.+)")


def convert(model: str, result: str, names: list[list[str]], half: bool) -> dict[str, str]:
    """Writes `result` and the weights beside it; answers the version."""
    write_ir(read_onnx(model, names), result, half=half)
    return {"openvino": VERSION}


def read_onnx(model: str, names: list[list[str]]) -> ov.Model:
    """The graph, whose inputs and outputs have these names and no other.

    Raises:
        PackError: OpenVINO does not know an operator.
    """
    try:
        graph = ov.Core().read_model(model)
    except RuntimeError as error:
        raise _refusal(Path(model).name, str(error)) from error
    for ports, wanted in zip((graph.inputs, graph.outputs), names, strict=True):
        for port, name in zip(ports, wanted, strict=True):
            port.get_tensor().set_names({name})
    return graph


def write_ir(graph: ov.Model, path: str, *, half: bool) -> None:
    """Writes `path` and its `.bin`. `half`: with float16 weights, where that clips none of them."""
    ov.save_model(graph, path, compress_to_fp16=half and not any(map(_is_clipped, graph.get_ops())))


def _is_clipped(node: ov.Node) -> bool:
    """Whether float16 clips part of a weight. OpenVINO keeps a constant that is beyond its range as a whole."""
    if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
        return False
    beyond = np.abs(node.data) > np.finfo(np.float16).max
    return bool(beyond.any() and not beyond.all())


def _refusal(name: str, text: str) -> PackError:
    unknown = _UNKNOWN.search(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return PackError(
        f"OpenVINO {VERSION} cannot read {name}",
        got=f"unknown operators: {unknown[1]}" if unknown else "; ".join(lines),
        remedy="run the model with onnxruntime, or export it without these operators",
    )
