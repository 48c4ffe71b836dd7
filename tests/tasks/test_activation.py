"""Softmax and sigmoid against float64, at any size of logit."""

import numpy as np
import pytest

from inference_core.tasks.activation import ACTIVATIONS, sigmoid, softmax

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
    values = np.array(row, np.float32).astype(np.float64)
    exact = np.exp(values - values.max())
    got = softmax(np.array(row, np.float32))
    assert got.dtype == np.float64
    assert got == pytest.approx(exact / exact.sum(), rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("row", [*ROWS, [-88.0, 88.0, -103.0, 17.0, -0.0, 1e-30]])
def test_sigmoid_is_that_of_float64(row: list[float]) -> None:
    exact = [
        1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x))
        for x in np.array(row, np.float32).astype(np.float64)
    ]
    got = sigmoid(np.array(row, np.float32))
    assert got.dtype == np.float64
    assert got == pytest.approx(np.array(exact), rel=1e-15, abs=1e-300)


def test_probabilities_follow_the_odds() -> None:
    assert softmax(np.array([0.0, np.log(3.0)])).tolist() == pytest.approx([0.25, 0.75])


def test_softmax_runs_along_the_last_axis() -> None:
    logits = np.log(np.array([[1, 3], [1, 1]], np.float32))
    assert softmax(logits) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))


def test_no_activation_changes_nothing() -> None:
    assert ACTIVATIONS["none"](np.array([0.1, -3], np.float32)).tolist() == [float(np.float32(0.1)), -3.0]
