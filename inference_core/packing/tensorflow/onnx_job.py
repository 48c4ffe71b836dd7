"""TensorFlow to ONNX by tf2onnx. Runs in a process of its own: see `packing.apart`."""

import sys
from collections.abc import Iterator
from typing import Any

import onnx
import tf2onnx
from onnx import defs
from tf2onnx import convert

from inference_core.errors import PackError
from inference_core.packing.tensorflow.graph import LITE, SAVED
from inference_core.packing.tensorflow.job import listed
from inference_core.packing.tensorflow.lite_job import read_lite
from inference_core.packing.tensorflow.saved_model_job import SERVE, served_signature

Tensors = list[dict[str, Any]]
"""As in `ModelGraph`."""


def to_onnx(kind: str, path: str, written: str, opset: int, inputs: Tensors, outputs: Tensors) -> dict[str, Any]:
    """Converts a model, its tensors and axes named as here.

    Args:
        kind: of the model: the name of its file in a bundle.
        path: where it lies.
        written: the ONNX file to be made.
        opset: of ONNX.
        inputs: of the model.
        outputs: of the model, those that are wanted.

    Returns:
        `inputs` and `outputs` of the ONNX file, and the `version` of tf2onnx.

    Raises:
        PackError: an operator has no counterpart, or the tensors got lost.
    """
    _convert([*_source(kind, path, inputs, outputs), "--opset", str(opset), "--output", written])
    model = onnx.load(written)
    _check_operators(model, opset)
    wanted = {tensor["name"] for tensor in outputs}
    for value in [value for value in model.graph.output if value.name not in wanted]:
        model.graph.output.remove(value)
    facts = {
        "inputs": [_settle(tensor, model.graph.input) for tensor in inputs],
        "outputs": [_settle(tensor, model.graph.output) for tensor in outputs],
    }
    onnx.save(model, written)
    return facts | {"version": tf2onnx.__version__}


def _convert(arguments: list[str]) -> None:
    """Runs tf2onnx's command in this process, whose own it is: only the command takes every kind of model."""
    sys.argv = ["tf2onnx", *arguments]
    convert.main()


def _source(kind: str, path: str, inputs: Tensors, outputs: Tensors) -> list[str]:
    if kind == SAVED:
        return ["--saved-model", path, "--tag", SERVE, "--signature_def", served_signature(path)]
    if kind == LITE:
        facts = read_lite(path)
        return ["--tflite", path, *_renamed(facts["inputs"], facts["outputs"], "tensor")]
    return ["--graphdef", path, *_renamed(inputs, outputs, "native")]


def _renamed(inputs: Tensors, outputs: Tensors, key: str) -> list[str]:
    arguments = []
    for kind, tensors in (("inputs", inputs), ("outputs", outputs)):
        arguments += [f"--{kind}", ",".join(str(tensor.get(key, tensor["name"])) for tensor in tensors)]
        arguments += [f"--rename-{kind}", ",".join(tensor["name"] for tensor in tensors)]
    return arguments


def _check_operators(model: onnx.ModelProto, opset: int) -> None:
    """tf2onnx leaves in the graph what it has no counterpart for."""
    versions = {entry.domain: entry.version for entry in model.opset_import} | {"": opset}
    graphs = [model.graph, *model.functions]
    unknown = {
        node.op_type
        for graph in graphs
        for node in _nodes(graph)
        if not defs.has(node.op_type, versions.get(node.domain, 1), node.domain)
    } - {function.name for function in model.functions}
    if unknown:
        raise PackError(
            "the model uses operators that cannot be converted to ONNX",
            got=listed(sorted(unknown)),
            remedy="serve it with the engine tensorflow, or export it without these operators",
        )


def _nodes(graph: Any) -> Iterator[onnx.NodeProto]:  # noqa: ANN401  # a graph or function
    """Those of subgraphs too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _nodes(inner)


def _settle(tensor: dict[str, Any], values: Any) -> dict[str, Any]:  # noqa: ANN401  # ValueInfoProtos
    """Gives the ONNX tensor of that name the axes of the source's, but keeps sizes that only the ONNX graph knows."""
    value = next((value for value in values if value.name == tensor["name"]), None)
    if value is None:
        raise PackError(
            f"tf2onnx gave no tensor {tensor['name']!r}",
            got=listed(str(value.name) for value in values),
            remedy="serve the model with the engine tensorflow",
        )
    shape = value.type.tensor_type.shape
    known = [dim.dim_value for dim in shape.dim]
    if len(known) != len(tensor["shape"]):
        known = [0] * len(tensor["shape"])
    axes = [size or axis for size, axis in zip(known, tensor["shape"], strict=True)]
    del shape.dim[:]
    for axis in axes:
        shape.dim.add(**{"dim_value" if isinstance(axis, int) else "dim_param": axis})
    return {"name": tensor["name"], "dtype": tensor["dtype"], "shape": axes}
