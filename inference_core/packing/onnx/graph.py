"""Facts read off an ONNX file: tensors, precision, external weights, opset."""

import math
from collections.abc import Iterator
from pathlib import Path

import onnx

from inference_core.bundle.tuning import Precision
from inference_core.errors import PackError, first_line
from inference_core.packing.graph import ModelGraph, TensorFacts

_STANDARD = ("", "ai.onnx")
_PRECISIONS: dict[str, Precision] = {"float32": "fp32", "float64": "fp32", "float16": "fp16", "bfloat16": "bf16"}
_QUANTIZED_OPS = {"QuantizeLinear", "DequantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger", "QLinearMatMul"}


def inspect_onnx(path: Path) -> ModelGraph:
    """Reads the graph without its external weights. Shapes of outputs that it does not state are inferred.

    Raises:
        PackError: not an ONNX model, or a tensor has a type or rank that cannot be fed.
    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # onnx passes on whatever its protobuf build raises
        raise PackError(
            f"{path} is not a usable ONNX model",
            got=first_line(error),
            remedy="check that the file is whole, or export it again",
        ) from error
    graph = model.graph
    if not graph.node:
        raise PackError(f"{path} is not a usable ONNX model", got="a graph without nodes", remedy="export it again")
    if not all(_is_typed(value) for value in graph.output):
        graph = _infer(model, path).graph
    weights = {tensor.name for tensor in graph.initializer}
    return ModelGraph(
        engine="onnxruntime",
        file="model.onnx",
        path=path,
        inputs=[_tensor(value) for value in graph.input if value.name not in weights],
        outputs=[_tensor(value) for value in graph.output],
        precision=_precision(graph),
        companions=_companions(graph, path),
        provenance={"opset": str(opset_of(model))},
    )


def opset_of(model: onnx.ModelProto) -> int:
    """Of the standard domain; 0 where the model does not use it."""
    return next((entry.version for entry in model.opset_import if entry.domain in _STANDARD), 0)


def _companions(graph: onnx.GraphProto, path: Path) -> list[str]:
    names = sorted({e.value for tensor in _constants(graph) for e in tensor.external_data if e.key == "location"})
    for name in names:
        if not (path.parent / name).is_file():
            raise PackError(
                f"{path} keeps weights in {name}, which is not there",
                expected=f"the file {name} beside the model",
                remedy="copy it there, or export the model into one file",
            )
    return names


def _constants(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Initializers, tensors in attributes, and those of subgraphs."""
    yield from graph.initializer
    for attribute in (attribute for node in graph.node for attribute in node.attribute):
        yield from ([attribute.t] if attribute.HasField("t") else attribute.tensors)
        for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            yield from _constants(inner)


def _is_typed(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"))


def _infer(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    try:
        return onnx.shape_inference.infer_shapes(model)
    except onnx.shape_inference.InferenceError as error:
        raise PackError(
            f"{path} states no shape for its outputs, and none can be inferred",
            got=first_line(error),
            remedy="export the model again",
        ) from error


def _tensor(value: onnx.ValueInfoProto) -> TensorFacts:
    kind = value.type.tensor_type
    if not _is_typed(value):
        raise PackError(
            f"{value.name} has no tensor shape in the graph, and none can be inferred",
            expected="a tensor of known rank",
            remedy="export the model with the shapes of its inputs and outputs",
        )
    shape = [_axis(value.name, index, dim) for index, dim in enumerate(kind.shape.dim)]
    return {"name": value.name, "dtype": _dtype(value.name, kind.elem_type), "shape": shape}


def _axis(name: str, index: int, dim: onnx.TensorShapeProto.Dimension) -> int | str:
    """Fixed size or symbolic name; unnamed and non-positive sizes are dynamic."""
    if dim.HasField("dim_value") and dim.dim_value > 0:
        return int(dim.dim_value)
    return dim.dim_param or f"{name}_axis{index}"


def _dtype(name: str, elem_type: int) -> str:
    if elem_type == onnx.TensorProto.UNDEFINED:
        raise PackError(f"{name} has no element type in the graph", remedy="export the model again")
    return "string" if elem_type == onnx.TensorProto.STRING else str(onnx.helper.tensor_dtype_to_np_dtype(elem_type))


def _precision(graph: onnx.GraphProto) -> Precision:
    """int8 for a quantized graph, else the type that most weights have."""
    if any(node.op_type in _QUANTIZED_OPS for node in graph.node):
        return "int8"
    counts: dict[Precision, int] = {}
    for tensor in _constants(graph):
        kind = _PRECISIONS.get(_dtype(tensor.name, tensor.data_type))
        if kind is not None:
            counts[kind] = counts.get(kind, 0) + math.prod(tensor.dims)
    return max(counts, key=lambda kind: counts[kind], default="fp32")
