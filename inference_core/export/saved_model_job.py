"""A SavedModel of a frozen graph. Runs in a process of its own: see `packing.apart`."""

from typing import Any

import tensorflow as tf

from inference_core.packing.tensorflow.job import open_frozen

_tf1 = tf.compat.v1


def write_saved_model(path: str, folder: str, inputs: dict[str, str], outputs: dict[str, str]) -> None:
    """Writes it to the new directory `folder`, with the signature `serving_default`.

    Args:
        path: of the frozen graph.
        folder: the directory to make.
        inputs: the graph's tensor for each name of the signature.
        outputs: the same.

    Raises:
        PackError: the file holds no graph that TensorFlow takes.
    """
    graph = open_frozen(path)
    builder = _tf1.saved_model.Builder(folder)
    with _tf1.Session(graph=graph) as session:
        signature = _tf1.saved_model.predict_signature_def(_tensors(graph, inputs), _tensors(graph, outputs))
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
    builder.save()


def _tensors(graph: Any, names: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401  # TensorFlow is untyped
    places = {ours: native if ":" in native else f"{native}:0" for ours, native in names.items()}
    return {ours: graph.get_tensor_by_name(place) for ours, place in places.items()}
