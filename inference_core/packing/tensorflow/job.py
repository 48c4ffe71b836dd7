"""What TensorFlow tells of a frozen graph. Runs in a process of its own: see `packing.apart`.

A fact of a tensor is its `name` towards people, the `tensor` of the graph, `dtype`, and `shape`, in which None stands
for an axis of any size; None in place of the shape where not even the rank is known.
"""

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.python.framework import op_def_registry

from inference_core.errors import PackError

Facts = dict[str, Any]

_tf1 = tf.compat.v1
_PLACEHOLDERS = {"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"}
_VARIABLES = {"Variable", "VariableV2", "AutoReloadVariable", "VarHandleOp"}
_SHOWN = 20


def read_frozen(path: str, image: str | None, outputs: list[str]) -> Facts:
    """Facts of a frozen graph: the `outputs`, or the ends of the graph where none are named, and what has to be fed.

    Raises:
        PackError: not a frozen graph, or `image` or an output is not in it.
    """
    graph = open_frozen(path)
    fed = [op.outputs[0] for op in graph.get_operations() if op.type in _PLACEHOLDERS]
    ends = _ends(graph, fed)
    if not outputs and not ends:
        raise PackError(
            f"{path} has no output that depends on an input",
            got=f"inputs {listed(map(_name, fed))}; loose ends {listed(map(_name, _loose(graph)))}",
            expected="a placeholder, and a tensor computed from it",
            remedy="name the outputs in the recipe's steps, or freeze the graph again with them",
        )
    found = {name: _find(graph, name, ends, "output") for name in outputs} or {_name(end): end for end in ends}
    reached = _reached(found.values())
    _refuse_variables(path, reached)
    inputs = {_name(tensor): tensor for tensor in fed if tensor.op in reached}
    if image is not None:
        named = _find(graph, image, list(inputs.values()), "input")
        inputs = {image if tensor.name == named.name else name: tensor for name, tensor in inputs.items()}
    return {
        "version": tf.__version__,
        "inputs": [_fact(name, tensor) for name, tensor in inputs.items()],
        "outputs": [_fact(name, tensor) for name, tensor in found.items()],
    }


def open_frozen(path: str) -> Any:  # noqa: ANN401  # TensorFlow is untyped
    """The graph. Raises PackError when the file holds none, or one that TensorFlow cannot take."""
    data = Path(path).read_bytes()
    try:
        graph_def = _tf1.GraphDef.FromString(data)
    except DecodeError:
        graph_def = _tf1.GraphDef()
    if not graph_def.node:
        raise PackError(
            f"{path} is not a frozen graph",
            got=f"a file that starts with {data[:16]!r}",
            expected="a serialised GraphDef",
            remedy="check that the file is whole; of a SavedModel give the directory, not saved_model.pb",
        )
    check_registered(path, graph_def)
    with tf.Graph().as_default() as graph:
        try:
            _tf1.import_graph_def(graph_def, name="")
        except (ValueError, tf.errors.OpError) as error:
            raise PackError(f"{path} is not a usable graph", got=str(error), remedy="freeze it again") from error
    return graph


def check_registered(path: str, graph_def: Any) -> None:  # noqa: ANN401  # a GraphDef
    """Raises PackError when it, or a function in it, uses operators that are not part of TensorFlow."""
    functions = graph_def.library.function
    bodies = [graph_def.node, *(function.node_def for function in functions)]
    used = {node.op for body in bodies for node in body} - {function.signature.name for function in functions}
    unknown = sorted(op for op in used if op_def_registry.get(op) is None)
    if unknown:
        raise PackError(
            f"{path} uses operators that TensorFlow {tf.__version__} does not have",
            got=listed(unknown),
            remedy="export the model without custom operators, or with ones that this version of TensorFlow has",
        )


def _loose(graph: Any) -> list[Any]:  # noqa: ANN401
    """Tensors of operations none of whose outputs is used."""
    used = {tensor.op for op in graph.get_operations() for tensor in op.inputs}
    return [t for op in graph.get_operations() if op not in used and op.type not in _PLACEHOLDERS for t in op.outputs]


def _ends(graph: Any, fed: Iterable[Any]) -> list[Any]:  # noqa: ANN401
    """Loose tensors that depend on what is fed."""
    dependent = set()
    waiting = [tensor.op for tensor in fed]
    while waiting:
        op = waiting.pop()
        if op not in dependent:
            dependent.add(op)
            waiting.extend(consumer for tensor in op.outputs for consumer in tensor.consumers())
    return [tensor for tensor in _loose(graph) if tensor.op in dependent]


def _reached(tensors: Iterable[Any]) -> set[Any]:
    """Operations that the tensors depend on, and those that give them."""
    reached = set()
    waiting = [tensor.op for tensor in tensors]
    while waiting:
        op = waiting.pop()
        if op not in reached:
            reached.add(op)
            waiting.extend(tensor.op for tensor in op.inputs)
    return reached


def _refuse_variables(path: str, reached: Iterable[Any]) -> None:
    names = sorted(op.name for op in reached if op.type in _VARIABLES)
    if names:
        raise PackError(
            f"{path} was not frozen: its weights are variables, kept elsewhere",
            got=listed(names),
            remedy="freeze it with tf.compat.v1.graph_util.convert_variables_to_constants, or give a SavedModel",
        )


def _find(graph: Any, name: str, candidates: Sequence[Any], kind: str) -> Any:  # noqa: ANN401
    """The tensor that a step calls `name`, with or without `:0`; an input has to be one of the candidates."""
    try:
        tensor = graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
    except (KeyError, ValueError):
        tensor = None
    names = [_name(candidate) for candidate in candidates]
    if tensor is None or (kind == "input" and _name(tensor) not in names):
        near = difflib.get_close_matches(name, names, n=1)
        raise PackError(
            f"the graph has no {kind} {name!r}",
            got=name,
            expected=listed(names),
            remedy=f"name {near[0] if near else 'one of them'} in that step of the recipe",
        )
    return tensor


def _fact(name: str, tensor: Any) -> Facts:  # noqa: ANN401
    dtype = tensor.dtype.base_dtype.name
    return {"name": name, "tensor": tensor.name, "dtype": dtype, "shape": shape_facts(tensor.shape)}


def shape_facts(shape: Any) -> list[int | None] | None:  # noqa: ANN401  # a TensorShape
    """As in a fact."""
    return None if shape.rank is None else shape.as_list()


def _name(tensor: Any) -> str:  # noqa: ANN401
    """`op` for the first tensor of an operation, `op:1` for the next one."""
    return str(tensor.name).removesuffix(":0")


def listed(names: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    shown = list(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more if shown else "none"
