"""Tiny TensorFlow models, and the jobs that read them, in one process of its own; never imported by pytest's."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


class TensorFlow:
    """Held by `Apart`, so that TensorFlow is imported once for many models."""

    def make(self, case: str, path: str) -> None:
        """Writes the model that the function of that name makes."""
        globals()[case](path)

    def lite_of(self, saved: str, path: str) -> None:
        """Converts a SavedModel."""
        save_lite(path, tf.lite.TFLiteConverter.from_saved_model(saved))

    def run(self, target: str, arguments: dict[str, Any]) -> Any:
        """What a job answers, as by `run_apart`."""
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)(**arguments)


def means(x: Any) -> Any:
    """Logits [N, 3]: ten times the mean of each channel of [N, H, W, 3]."""
    return tf.multiply(tf.reduce_mean(x, [1, 2]), 10.0, name="logits")


def write(path: str, graph: Any) -> None:
    Path(path).write_bytes(graph.as_graph_def().SerializeToString())


def frozen(path: str, shape: Any = (None, 8, 8, 3)) -> None:
    """One real end, and dead ends: a constant, its shape, the second output of an operation whose first is used."""
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, shape, name="image")
        tf.shape(tf.constant(np.zeros((2, 2), np.float32), name="left"), name="over")
        unsplit, _unused = tf.unique_with_counts(tf.constant([1.0, 1.0]), name="pair")[:2]
        means(image + tf.reduce_sum(unsplit) - 1.0)
    write(path, graph)


def frozen_any_size(path: str) -> None:
    frozen(path, (1, None, None, 3))


def frozen_no_rank(path: str) -> None:
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, None, name="image")
        means(image)
        tf.transpose(image, name="turned")
    write(path, graph)


def frozen_one_image(path: str) -> None:
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, None, name="image")
        tf.reshape(means(tf.reshape(image, [1, 8, 8, 3])), tf.constant([3]), name="row")
    write(path, graph)


def frozen_changing_rank(path: str) -> None:
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, (1, None, None, 3), name="image")
        rank = tf.cond(tf.shape(image)[1] > tf.shape(image)[2], lambda: tf.constant([1, -1]), lambda: tf.constant([-1]))
        tf.reshape(image, rank, name="rows")
    write(path, graph)


def frozen_complex(path: str) -> None:
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, (None, 8, 8, 3), name="image")
        tf.complex(image, image, name="waves")
    write(path, graph)


def frozen_without_input(path: str) -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="one")
        tf.constant(2.0, name="two")
    write(path, graph)


def frozen_unknown_operators(path: str) -> None:
    definition = tf1.GraphDef()
    for name, op in (("image", "Placeholder"), ("a", "Warp"), ("b", "Deskew")):
        node = definition.node.add(name=name, op=op)
        if op == "Placeholder":
            node.attr["dtype"].type = tf.float32.as_datatype_enum
        else:
            node.input.append("image")
    Path(path).write_bytes(definition.SerializeToString())


def frozen_unconvertible(path: str) -> None:
    """With an operator that ONNX has no counterpart for."""
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, (None, 8, 8, 3), name="image")
        tf.identity(tf.linalg.cholesky(tf.matmul(image, image, transpose_b=True)), name="roots")
    write(path, graph)


def variables(path: str) -> None:
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, (None, 8, 8, 3), name="image")
        old = tf1.get_variable("old", [3], use_resource=False)
        new = tf1.get_variable("new", [3], use_resource=True)
        means(image * old * new)
    write(path, graph)


def network() -> Any:
    """A module with two functions of pictures."""
    module = tf.Module()
    signature = [tf.TensorSpec((None, 8, 8, 3), tf.float32, "image")]
    module.logits = tf.function(
        lambda image: {"logits": means(image), "extra": tf.reduce_max(image, [1, 2, 3])}, input_signature=signature
    )
    module.peaks = tf.function(lambda image: {"peaks": tf.reduce_max(image, [1, 2])}, input_signature=signature)
    return module


def saved(path: str) -> None:
    net = network()
    tf.saved_model.save(net, path, {"serving_default": net.logits})


def saved_other_key(path: str) -> None:
    net = network()
    tf.saved_model.save(net, path, {"predict": net.peaks})


def saved_two(path: str) -> None:
    net = network()
    tf.saved_model.save(net, path, {"predict": net.peaks, "serving_default": net.logits})


def saved_two_others(path: str) -> None:
    net = network()
    tf.saved_model.save(net, path, {"predict": net.peaks, "classify": net.logits})


def saved_without_signature(path: str) -> None:
    tf.saved_model.save(tf.Module(), path)


def saved_for_training(path: str) -> None:
    """A TensorFlow 1 SavedModel under another tag."""
    saved_v1(path, ["train", "gpu"])


def saved_v1(path: str, tags: Any = ("serve",)) -> None:
    """As exporters of TensorFlow 1 write: no rank of outputs in the signature."""
    with tf.Graph().as_default(), tf1.Session() as session:
        image = tf1.placeholder(tf.float32, (None, 8, 8, 3), name="image")
        pictures, answers = (tf1.saved_model.build_tensor_info(tensor) for tensor in (image, means(image)))
        answers.tensor_shape.CopyFrom(tf.TensorShape(None).as_proto())
        signature = tf1.saved_model.build_signature_def({"pictures": pictures}, {"answers": answers}, "predict")
        builder = tf1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, list(tags), {"serving_default": signature})
        builder.save()


def saved_sparse(path: str) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        image = tf1.placeholder(tf.float32, (None, 8, 8, 3), name="image")
        info = tf1.saved_model.build_tensor_info
        outputs = {"few": info(tf.sparse.from_dense(image))}
        signature = tf1.saved_model.build_signature_def({"image": info(image)}, outputs, "predict")
        builder = tf1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()


def lite(path: str) -> None:
    saved(f"{path}.saved")
    save_lite(path, tf.lite.TFLiteConverter.from_saved_model(f"{path}.saved"))


def lite_plain(path: str) -> None:
    """Without a signature."""
    graph_path = f"{path}.pb"
    frozen(graph_path)
    save_lite(path, tf1.lite.TFLiteConverter.from_frozen_graph(graph_path, ["image"], ["logits"]))


def lite_two(path: str) -> None:
    saved_two(f"{path}.saved")
    keys = ["predict", "serving_default"]
    save_lite(path, tf.lite.TFLiteConverter.from_saved_model(f"{path}.saved", signature_keys=keys))


def lite_integers(path: str) -> None:
    """Quantized throughout, its output too."""
    save_lite(path, quantizing(path, tf.uint8))


def lite_quantized(path: str) -> None:
    """Quantized inside."""
    save_lite(path, quantizing(path, tf.float32))


def quantizing(path: str, output: Any) -> Any:
    """A converter of a convolution, calibrated with four pictures."""
    net = tf.Module()
    net.logits = tf.function(
        lambda image: {"logits": tf.nn.conv2d(image, tf.ones([8, 8, 3, 3]) / 64.0, 1, "VALID")},
        input_signature=[tf.TensorSpec((1, 8, 8, 3), tf.float32, "image")],
    )
    tf.saved_model.save(net, f"{path}.saved", net.logits)
    converter = tf.lite.TFLiteConverter.from_saved_model(f"{path}.saved")
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    pictures = np.linspace(0, 1, 4 * 192, dtype=np.float32).reshape(4, 1, 8, 8, 3)
    converter.representative_dataset = lambda: ([picture] for picture in pictures)
    converter.inference_output_type = output
    return converter


def lite_custom(path: str) -> None:
    """With an operator that TensorFlow Lite lacks."""
    frozen_unconvertible(f"{path}.pb")
    converter = tf1.lite.TFLiteConverter.from_frozen_graph(f"{path}.pb", ["image"], ["roots"])
    converter.allow_custom_ops = True
    save_lite(path, converter)


def save_lite(path: str, converter: Any) -> None:
    Path(path).write_bytes(converter.convert())
