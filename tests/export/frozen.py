"""A frozen graph that doubles, and a SavedModel asked. TensorFlow has a process of its own."""

from pathlib import Path

import tensorflow as tf

_tf1 = tf.compat.v1


def write_frozen(path: str) -> None:
    """Takes `fed` [N, 2], gives `double`."""
    with tf.Graph().as_default() as graph:
        fed = _tf1.placeholder(tf.float32, [None, 2], name="fed")
        tf.multiply(fed, 2.0, name="double")
    Path(path).write_bytes(graph.as_graph_def().SerializeToString())


def ask_saved_model(path: str, rows: list[list[float]]) -> dict[str, list[list[float]]]:
    """What its serving signature gives for `images`."""
    served = tf.saved_model.load(path).signatures["serving_default"]
    return {name: value.numpy().tolist() for name, value in served(images=tf.constant(rows)).items()}
