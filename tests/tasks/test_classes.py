"""Softmax and sigmoid against float64, at any size of logit."""

import numpy as np
import pytest

from inference_core.tasks.classes import as_classes, sigmoid, softmax

MOST = float(np.finfo(np.float32).max)
ROWS = [
    [0.0, 0.0],
    [1.0, 2.0, 3.0],
    [1000.0, 999.0, -1000.0],
    [-1e4, -1e4 - 1],
    [MOST, -MOST, 0.0],
    [MOST, MOST],
    [-5.0],
]


@pytest.mark.parametrize("row", ROWS)
def test_softmax_is_that_of_float64(row: list[float]) -> None:
    exact = np.exp(np.array(row) - max(row))
    got = softmax(np.array(row, np.float32))
    assert got.dtype == np.float32
    assert got == pytest.approx(exact / exact.sum(), rel=1e-6, abs=1e-30)


@pytest.mark.parametrize("row", [*ROWS, [-88.0, 88.0, -103.0, 17.0, -0.0, 1e-30]])
def test_sigmoid_is_that_of_float64(row: list[float]) -> None:
    exact = [1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x)) for x in np.array(row).clip(-700, 700)]
    got = sigmoid(np.array(row, np.float32))
    assert got.dtype == np.float32
    assert got == pytest.approx(np.array(exact), rel=2e-5, abs=1e-37)


def test_probabilities_follow_the_odds() -> None:
    assert softmax(np.array([0.0, np.log(3.0)])).tolist() == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1), (1, 3)])
def test_any_shape_is_one_row_of_classes(shape: tuple[int, ...]) -> None:
    found = as_classes(np.array([0.5, 0.25, 0.125], np.float32).reshape(shape))
    assert (found.index.tolist(), found.score.tolist()) == ([0, 1, 2], [0.5, 0.25, 0.125])
