"""What the tests of PyTorch models share."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from inference_core.packing.graph import ModelGraph

MODELS = "tests.packing.torch.models"
MEANS = f"{MODELS}:Means"
Array = npt.NDArray[Any]


def pixels(*shape: int) -> Array:
    """Noise between 0 and 1."""
    return np.random.default_rng(sum(shape)).random(shape, np.float32)


def means(images: Array) -> Array:
    """What `Means` answers."""
    logits: Array = 10 * images.mean((2, 3))
    return logits


def run(graph: ModelGraph, images: Array) -> list[Array]:
    """The outputs in the order of the graph."""
    if graph.engine == "onnxruntime":
        session = ort.InferenceSession(str(graph.path), providers=["CPUExecutionProvider"])
        return [*session.run([spec["name"] for spec in graph.outputs], {graph.inputs[0]["name"]: images})]
    import satchel_torchscript

    found = satchel_torchscript.Module(graph.path, bfloat16=graph.precision == "bf16").run([images])
    return [found[str(spec.get("native", spec["name"]))].astype(np.float32) for spec in graph.outputs]


def folder(path: Path) -> Path:
    """A new one."""
    path.mkdir()
    return path


def saved(path: Path, images: Array) -> Path:
    """The file, with the images in it."""
    np.save(path, images)
    return path
