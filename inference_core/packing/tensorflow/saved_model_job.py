"""What a SavedModel tells. Runs in a process of its own: see `packing.apart`."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from inference_core.errors import PackError
from inference_core.packing.tensorflow.job import Facts, check_registered, listed, shape_facts

SERVE = "serve"
"""The tag of the graph that is served."""
_DEFAULT_SIGNATURE = "serving_default"


def read_saved_model(path: str) -> Facts:
    """Facts of the signature that is served, its tensors in the order of the graph.

    Raises:
        PackError: not a SavedModel, no or several signatures to serve, or a tensor in parts.
    """
    graph_def, key = _served(path)
    signature = graph_def.signature_def[key]
    places = {node.name: place for place, node in enumerate(graph_def.graph_def.node)}
    return {
        "version": tf.__version__,
        "inputs": _signature_facts(signature.inputs, places),
        "outputs": _signature_facts(signature.outputs, places),
    }


def served_signature(path: str) -> str:
    """The key of the signature of a SavedModel that is served. Raises PackError as `read_saved_model` does."""
    return _served(path)[1]


def _served(path: str) -> tuple[Any, str]:
    """The graph tagged for serving, and the key of its one signature, `serving_default` before others."""
    try:
        model = saved_model_pb2.SavedModel.FromString((Path(path) / "saved_model.pb").read_bytes())
    except DecodeError as error:
        raise PackError(f"{path} is not a SavedModel", got=str(error), remedy="export it again") from error
    graphs = {tuple(sorted(graph.meta_info_def.tags)): graph for graph in model.meta_graphs}
    if (SERVE,) not in graphs:
        raise PackError(
            f"{path} has no graph to serve",
            got=f"graphs tagged {listed('+'.join(tags) or 'with nothing' for tags in graphs)}",
            expected=f"one tagged {SERVE}",
            remedy="export it with tf.saved_model.save",
        )
    graph = graphs[(SERVE,)]
    keys = sorted(key for key, signature in graph.signature_def.items() if signature.inputs and signature.outputs)
    if _DEFAULT_SIGNATURE not in keys and len(keys) != 1:
        raise PackError(
            f"{path} has {'several signatures' if keys else 'no signature'} to choose from",
            got=listed(keys),
            expected=f"one, or one that is called {_DEFAULT_SIGNATURE}",
            remedy=f"export it with tf.saved_model.save(..., signatures={{{_DEFAULT_SIGNATURE!r}: ...}})",
        )
    check_registered(path, graph.graph_def)
    return graph, _DEFAULT_SIGNATURE if _DEFAULT_SIGNATURE in keys else keys[0]


def _signature_facts(tensors: Any, places: dict[str, int]) -> list[Facts]:  # noqa: ANN401  # a map of TensorInfo
    for name, info in tensors.items():
        if not info.name:
            raise PackError(
                f"the signature's tensor {name!r} is in parts",
                got=str(info.WhichOneof("encoding")),
                expected="dense tensors",
                remedy="export the model with a signature of dense tensors",
            )

    def place(item: tuple[str, Any]) -> tuple[int, int]:
        op, _, index = item[1].name.partition(":")
        return places[op], int(index)

    return [
        {
            "name": name,
            "tensor": info.name,
            "dtype": tf.as_dtype(info.dtype).name,
            "shape": shape_facts(tf.TensorShape(info.tensor_shape)),
        }
        for name, info in sorted(tensors.items(), key=place)
    ]
