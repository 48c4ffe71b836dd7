"""Calibration tensors: what the model is fed while the ranges of its values are measured."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from inference_core.engines import Array
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph


def check_calibration(graph: ModelGraph, calibration: Sequence[Path]) -> None:
    """Raises PackError where the graph cannot be quantized with these tensors, whatever the tool."""
    if graph.precision != "fp32":
        raise PackError(
            f"{graph.path.name} cannot be quantized",
            got=f"a model in {graph.precision}",
            expected="a model in fp32",
            remedy="give the float32 model that it was made of",
        )
    if len(graph.inputs) != 1:
        raise PackError(
            f"{graph.path.name} cannot be quantized",
            got=f"{len(graph.inputs)} inputs",
            expected="one input, the image",
            remedy="export the model with the image as its only input",
        )
    if not calibration:
        raise PackError(
            "quantizing to int8 needs pictures to measure the ranges of values with",
            got="none",
            remedy="give a folder of typical pictures, a hundred or more",
        )


def read_tensors(calibration: Sequence[str], batch: int) -> Iterator[Array]:
    """Each tensor [1, ...] of the `.npy` files, repeated on axis 0 to a batch of `batch`."""
    for path in calibration:
        yield np.repeat(np.load(path, allow_pickle=False), batch, axis=0)


def batch_size(graph: ModelGraph) -> int:
    """That the only input takes; 1 where it is dynamic."""
    axis = graph.inputs[0]["shape"][0]
    return axis if isinstance(axis, int) else 1
