"""Class scores of the whole image: the reference implementation."""

import numpy as np

from inference_core.bundle.heads import Probabilities, Sigmoid, Softmax
from inference_core.tasks.activation import ACTIVATIONS
from inference_core.tasks.states import Classes, Tensors

_ACTIVATION = {"softmax": "softmax", "sigmoid": "sigmoid", "probabilities": "none"}


def read_classes(step: Softmax | Sigmoid | Probabilities, tensors: Tensors) -> Classes:
    """Every class with its probability; any shape such as [C] or [C, 1, 1] is taken as one row."""
    row = tensors.output(step.output).reshape(-1)
    return Classes(np.arange(len(row)), ACTIVATIONS[_ACTIVATION[step.op]](row).astype(np.float32))
