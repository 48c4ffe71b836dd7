"""Running a TensorFlow graph to see what it gives. Runs in a process of its own: see `packing.apart`."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inference_core.errors import PackError, first_line
from inference_core.packing.tensorflow.job import Facts, open_frozen
from inference_core.packing.tensorflow.saved_model_job import SERVE

_tf1 = tf.compat.v1
_WHERE = re.compile(r"^Node: .*\n(.+)", re.MULTILINE)


def run_graph(path: str, image: str, tensors: list[str], outputs: list[str]) -> Facts:
    """Runs a frozen graph or SavedModel.

    Args:
        path: of the graph.
        image: the tensor of the graph that is fed.
        tensors: .npy files [1, ...]; the first one is also fed twice at once.
        outputs: tensors of the graph.

    Returns:
        `shapes`: for each file the shapes of the outputs; `pair`: those for the first file twice, None where the graph
        does not take that.

    Raises:
        PackError: it fails on a file.
    """
    with _session(path) as session:
        values = [np.load(tensor, allow_pickle=False) for tensor in tensors]
        try:
            shapes = [_shapes(session, image, value, outputs) for value in values]
        except (tf.errors.OpError, ValueError) as error:
            what = f"{values[0].dtype.name} {list(values[0].shape)}"
            raise PackError(f"{path} cannot be run on {what}", got=_reason(error)) from error
        try:
            pair = _shapes(session, image, np.repeat(values[0], 2, axis=0), outputs)
        except (tf.errors.OpError, ValueError):  # the graph has a batch of one built in
            pair = None
    return {"shapes": shapes, "pair": pair}


def _reason(error: Exception) -> str:
    """The line that says why, which follows those that say where."""
    found = _WHERE.search(str(error))
    return found[1] if found else first_line(error)


@contextmanager
def _session(path: str) -> Iterator[Any]:
    graph = tf.Graph() if Path(path).is_dir() else open_frozen(path)
    with _tf1.Session(graph=graph) as session:
        if Path(path).is_dir():
            _tf1.saved_model.load(session, [SERVE], path)
        yield session


def _shapes(session: Any, image: str, value: Any, outputs: Sequence[str]) -> list[list[int]]:  # noqa: ANN401
    return [list(np.shape(array)) for array in session.run(list(outputs), {image: value})]
