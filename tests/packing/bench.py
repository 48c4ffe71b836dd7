"""A folder to pack in: the tiny classifier's model, recipe and labels, each of which a test may change."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference_core.packing import Packed, pack_model
from tests.models import CLASSIFIER_RECIPE, IR_VERSION, OPSET, write_classifier
from tests.pictures import plain


class Bench:
    """Files in one folder, and packing from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = folder / "bundle"
        self.model = write_classifier(folder / "classifier.onnx")
        self.recipe = folder / "recipe.toml"
        self.labels = folder / "labels.txt"
        self.picture = folder / "picture.png"
        self.recipe.write_text(CLASSIFIER_RECIPE)
        self.labels.write_text("red\ngreen\nblue\n")
        self.picture.write_bytes(plain((255, 0, 0)))

    def change_recipe(self, old: str, new: str) -> None:
        """Replaces a part of the recipe, which must be there."""
        text = self.recipe.read_text()
        assert text.count(old) == 1
        self.recipe.write_text(text.replace(old, new))

    def pack(self, **options: Any) -> Packed:
        """Packs what lies in the folder; tried on three small pictures, which is quicker than on generated ones."""
        options.setdefault("images", [self.picture] * 3)
        return pack_model(self.model, str(self.recipe), options.pop("target", self.target), **options)

    def left(self) -> list[str]:
        """What lies in the folder beside the sources."""
        sources = {self.model, self.recipe, self.labels, self.picture}
        return sorted(path.name for path in self.folder.iterdir() if path not in sources)


def matmul(
    path: Path, weights: onnx.TensorProto, *, constant: bool = False, dtype: int = TensorProto.FLOAT, **shapes: Any
) -> Path:
    """Logits [N, 3] from the flattened input [N, 3, 8, 8] times `weights` [192, 3], an initializer or a constant."""
    nodes = [
        helper.make_node("Flatten", ["images"], ["flat"]),
        helper.make_node("MatMul", ["flat", weights.name], ["logits"]),
    ]
    if constant:
        nodes.insert(0, helper.make_node("Constant", [], [weights.name], value=weights))
    image = helper.make_tensor_value_info("images", dtype, shapes.get("image", ["batch", 3, 8, 8]))
    logits = helper.make_tensor_value_info("logits", dtype, shapes.get("logits", ["batch", 3]))
    graph = helper.make_graph(nodes, "matmul", [image], [logits], [] if constant else [weights])
    path.write_bytes(model_of(graph))
    return path


def model_of(graph: onnx.GraphProto) -> bytes:
    """The graph as an ONNX file of pinned versions."""
    opset = [helper.make_opsetid("", OPSET)]
    data: bytes = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION).SerializeToString()
    return data


def channel_weights(dtype: Any = np.float32) -> onnx.TensorProto:
    """Weights [192, 3] that sum each channel: class i gets 64 times the mean of channel i."""
    return numpy_helper.from_array(np.repeat(np.eye(3, dtype=dtype), 64, axis=0), "weights")


def external(weights: onnx.TensorProto, folder: Path, name: str) -> onnx.TensorProto:
    """The same weights, kept in the file `name` below `folder`."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(weights.raw_data)
    onnx.external_data_helper.set_external_data(weights, location=name)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    return weights
