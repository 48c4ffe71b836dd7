"""Logits to probabilities, computed in float64 so that every implementation rounds to the same float32."""

from collections.abc import Callable

import numpy as np

from inference_core.tasks.states import Doubles, Floats


def sigmoid(logits: Floats) -> Doubles:
    """1 / (1 + exp(-x)) of each logit; below 0 as exp(x) / (1 + exp(x)), so that neither sign overflows."""
    values = logits.astype(np.float64)
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1.0 + small))


def softmax(logits: Floats) -> Doubles:
    """Probabilities along the last axis; shifted by the maximum, so that no logit overflows."""
    values = logits.astype(np.float64)
    shifted = np.exp(values - values.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Callable[[Floats], Doubles]] = {
    "none": lambda values: values.astype(np.float64),
    "sigmoid": sigmoid,
    "softmax": softmax,
}
"""By the name that steps give them."""
