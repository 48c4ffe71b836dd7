"""Class scores of the whole image."""

from typing import Any

import numpy as np
import pytest

from inference_core.bundle.heads import Probabilities, Sigmoid, Softmax
from inference_core.imaging import Geometry
from inference_core.tasks.classes import read_classes
from inference_core.tasks.states import Classes, Tensors


def read(step: Softmax | Sigmoid | Probabilities, values: Any) -> Classes:
    return read_classes(step, Tensors({"out": np.asarray(values, np.float32)}, 1, 1, Geometry(1, 1)))


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1), (1, 3)])
def test_any_shape_is_one_row_of_classes(shape: tuple[int, ...]) -> None:
    found = read(Probabilities(), np.array([0.5, 0.25, 0.125]).reshape(shape))
    assert (found.index.tolist(), found.score.tolist()) == ([0, 1, 2], [0.5, 0.25, 0.125])


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1)])
def test_each_step_has_its_activation(shape: tuple[int, ...]) -> None:
    logits = np.log(np.array([1.0, 1.0, 2.0])).reshape(shape)
    assert read(Softmax(), logits).score == pytest.approx([0.25, 0.25, 0.5])
    assert read(Sigmoid(), logits).score == pytest.approx([0.5, 0.5, 2 / 3])
    assert read(Softmax(), logits).score.dtype == read(Sigmoid(), logits).score.dtype == np.float32
