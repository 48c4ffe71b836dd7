"""Triton's Python backend: bytes in, the JSON of the answer out."""

import json
import os
import sys
from typing import Any

# The backend's Python heeds neither PYTHONPATH nor an environment.
sys.path.insert(0, os.environ["PEER_SITE"])
sys.path.insert(0, os.environ["PEER_CODE"])

import numpy as np
import triton_python_backend_utils as triton
from pipeline import open_model


class TritonPythonModel:
    """One instance, in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads the model that the repository's folder is named after."""
        self.model = open_model(args["model_name"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """One answer per request; each has one picture."""
        pictures = [triton.get_input_tensor_by_name(request, "image").as_numpy().item() for request in requests]
        return [_answer(self.model(picture)) for picture in pictures]


def _answer(content: dict[str, Any]) -> object:
    text = np.array([json.dumps(content).encode()], np.object_)
    return triton.InferenceResponse([triton.Tensor("answer", text)])
