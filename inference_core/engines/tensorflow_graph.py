"""Frozen graphs and SavedModels, run by sessions of TensorFlow."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import tensorflow as tf

from inference_core.bundle.manifest import Artifact
from inference_core.bundle.tensors import TensorSpec
from inference_core.engines.device import cuda_index
from inference_core.engines.engine import Array, EngineOptions
from inference_core.errors import EngineError, MissingDependencyError

_TAG = "serve"
_SIGNATURE = "serving_default"
_CALLERS_THREAD = -1


class GraphProgram:
    """A session with its inputs and outputs bound.

    Operations run one after another on the caller's thread, and each on the session's `threads`.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, session: Any, inputs: list[str], outputs: list[str], options: EngineOptions) -> None:  # noqa: ANN401
        self.version: str = tf.__version__
        self.reentrant = options.threads == 1
        self._session = session
        self._call = session.make_callable(outputs, inputs)

    @classmethod
    def open(cls, path: Path, artifact: Artifact, options: EngineOptions) -> Self:
        """Opens a SavedModel where `path` is a directory, else a frozen graph. Raises what TensorFlow raises, or:

        Raises:
            EngineError: it lacks a tensor of the artifact.
            MissingDependencyError: the GPU asked for is not there.
        """
        if path.is_dir():
            session, inputs, outputs = _open_saved_model(path, artifact, options)
        else:
            session = _session(tf.compat.v1.GraphDef.FromString(path.read_bytes()), options)
            inputs, outputs = ([s.engine_name for s in specs] for specs in (artifact.inputs, artifact.outputs))
        _check_names(session.graph, artifact.file, inputs, outputs)
        return cls(session, inputs, outputs, options)

    def run(self, arrays: list[Array]) -> list[Array]:
        """See `Program.run`."""
        values: list[Array] = self._call(*arrays)
        return values

    def close(self) -> None:
        """See `Program.close`."""
        self._session.close()


def _session(definition: Any | None, options: EngineOptions) -> Any:  # noqa: ANN401
    """A session on a graph of its own, which holds the definition."""
    graph = tf.Graph()
    if definition is not None:
        with graph.as_default():
            tf.graph_util.import_graph_def(definition, name="")
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=options.threads, inter_op_parallelism_threads=_CALLERS_THREAD
    )
    index = cuda_index(options.device, "tensorflow")
    if index is None:
        config.device_count["GPU"] = 0
        return tf.compat.v1.Session(graph=graph, config=config)
    found = tf.config.list_physical_devices("GPU")
    if index >= len(found):
        raise MissingDependencyError(
            f"this tensorflow cannot use device {options.device}",
            got=f"{len(found)} GPUs",
            expected=f"at least {index + 1}",
            remedy="install tensorflow[and-cuda] and check the GPU driver, or set SATCHEL_DEVICE=cpu",
        )
    config.gpu_options.visible_device_list = str(index)
    config.gpu_options.allow_growth = True
    return tf.compat.v1.Session(graph=graph, config=config)


def _open_saved_model(path: Path, artifact: Artifact, options: EngineOptions) -> tuple[Any, list[str], list[str]]:
    """A session, and the names in its graph of the artifact's inputs and outputs.

    Variables become constants: operations can then be fused with their weights, and run up to twice as fast. Lookup
    tables are filled in the session that loaded them, so that a model with tables stays there, as it is.
    """
    session = _session(None, options)
    with session.graph.as_default(), _no_remarks():
        loaded = tf.compat.v1.saved_model.load(session, [_TAG], str(path))
    signature = _signature(artifact.file, loaded.signature_def)
    inputs = [_graph_name(signature.inputs, spec) for spec in artifact.inputs]
    outputs = [_graph_name(signature.outputs, spec) for spec in artifact.outputs]
    _check_names(session.graph, artifact.file, inputs, outputs)
    definition = session.graph.as_graph_def()
    if _has_tables(definition):
        return session, inputs, outputs
    with _no_remarks():
        frozen = tf.compat.v1.graph_util.convert_variables_to_constants(
            session, definition, [name.partition(":")[0] for name in outputs]
        )
    session.close()
    return _session(frozen, options), inputs, outputs


def _signature(file: str, signatures: Mapping[str, Any]) -> Any:  # noqa: ANN401
    names = sorted(name for name in signatures if not name.startswith("__"))
    if _SIGNATURE not in names and len(names) != 1:
        raise EngineError(
            f"{file} has no signature {_SIGNATURE}",
            got=", ".join(names) or "none",
            expected=f"{_SIGNATURE}, or a single one",
            remedy="save the model with that signature and pack it again",
        )
    return signatures[_SIGNATURE if _SIGNATURE in names else names[0]]


def _graph_name(keys: Mapping[str, Any], spec: TensorSpec) -> str:
    return str(keys[spec.engine_name].name) if spec.engine_name in keys else spec.engine_name


def _has_tables(definition: Any) -> bool:  # noqa: ANN401
    bodies = [definition.node, *(function.node_def for function in definition.library.function)]
    return any("HashTable" in node.op for body in bodies for node in body)


def _check_names(graph: Any, file: str, inputs: list[str], outputs: list[str]) -> None:  # noqa: ANN401
    for kind, names in (("input", inputs), ("output", outputs)):
        for name in names:
            try:
                graph.get_tensor_by_name(name)
            except (KeyError, ValueError) as error:
                raise EngineError(
                    f"{file} has no {kind} {name}",
                    got=", ".join(op.outputs[0].name for op in graph.get_operations() if op.type == "Placeholder"),
                    expected="one of these inputs, or a tensor computed from them, named as in the graph",
                    remedy="pack the model again: the manifest describes another graph",
                ) from error


@contextmanager
def _no_remarks() -> Iterator[None]:
    """TensorFlow calls this way to load deprecated each time; none other gives a session."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
