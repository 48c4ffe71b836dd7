"""Triton's Python backend: encoded pictures in, the JSON of their results out, by Satchel. Written by `satchel export`.

Its Python needs Satchel with the engine of the bundle beside this file.
Reference: https://github.com/triton-inference-server/python_backend
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def _python_path() -> list[str]:
    """What PYTHONPATH names: the Python inside some builds of Triton does not heed it."""
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


sys.path[:0] = _python_path()

import numpy as np  # noqa: E402
import triton_python_backend_utils as triton  # noqa: E402

from inference_core.bundle import open_bundle  # noqa: E402
from inference_core.export.pictures import predict_pictures  # noqa: E402
from inference_core.pipeline import LocalPredictor  # noqa: E402


class TritonPythonModel:
    """One instance, in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads the bundle beside this file, and makes it quick.

        Args:
            args: texts from Triton; `model_config` is JSON.
        """
        parameters = json.loads(args["model_config"])["parameters"]
        self.bundle = open_bundle(Path(__file__).with_name(parameters["bundle"]["string_value"]))
        self.predictor = LocalPredictor.load(self.bundle)
        self.predictor.warm_up()

    def execute(self, requests: list[Any]) -> list[Any]:
        """One answer for each request, which may hold several pictures."""
        return [self._answer(request) for request in requests]

    def finalize(self) -> None:
        """Frees the model."""
        self.predictor.close()
        self.bundle.close()

    def _answer(self, request: Any) -> Any:  # noqa: ANN401  # Triton's types are known to Triton only
        images = triton.get_input_tensor_by_name(request, "image").as_numpy()
        parameters = json.loads(request.parameters() or "{}")
        texts = predict_pictures(self.predictor, images.ravel().tolist(), parameters)
        return triton.InferenceResponse([triton.Tensor("result", np.array(texts, np.object_).reshape(images.shape))])
