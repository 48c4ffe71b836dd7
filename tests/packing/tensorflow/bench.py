"""What the tests of TensorFlow models share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from inference_core.bundle import Recipe
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph
from inference_core.packing.recipe import read_recipe

RECIPE = """
name = "tiny"
task = "classification"
architecture = "tiny"
license = "MIT"
preprocess = [
  {op = "decode"},
  {op = "resize", width = 8, height = 8},
  {op = "tensor", layout = "NHWC", scale = 0.00392156862745098},
]
postprocess = [{op = "softmax"}, {op = "top", k = 2}]
"""
NAMED = ('{op = "softmax"}', '{op = "softmax", output = "logits"}')
ANY_SIZE = ('  {op = "resize", width = 8, height = 8},\n', "")

Inspect = Callable[..., ModelGraph]


def changed(folder: Path, *changes: tuple[str, str]) -> Recipe:
    text = RECIPE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text)
    return read_recipe(str(folder / "recipe.toml"))[0]


def tensors(graph: ModelGraph) -> list[tuple[str, str | None, str, list[int | str]]]:
    return [(t["name"], t.get("native"), t["dtype"], t["shape"]) for t in graph.inputs + graph.outputs]


def refused(make: Callable[[], object]) -> PackError:
    with pytest.raises(PackError) as caught:
        make()
    return caught.value
