"""Class scores of the whole image: the reference implementations."""

import numpy as np

from inference_core.tasks.states import Classes, Floats


def softmax(logits: Floats) -> Floats:
    """Probabilities of one row of logits [C]; shifted by the maximum, in float64, so that no logit overflows."""
    shifted = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(shifted / shifted.sum()).astype(logits.dtype)


def sigmoid(logits: Floats) -> Floats:
    """1 / (1 + exp(-x)) of each logit, without overflow for either sign."""
    return np.exp(-np.logaddexp(np.zeros_like(logits), -logits))


def as_classes(probabilities: Floats) -> Classes:
    """Every class with its probability; any shape such as [C] or [C, 1, 1] is taken as one row."""
    row = probabilities.reshape(-1)
    return Classes(np.arange(len(row)), row)
