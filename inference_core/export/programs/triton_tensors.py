"""Triton's Python backend: an ONNX model, run by onnxruntime. Written by `satchel export`.

For builds of Triton without the backend onnxruntime. Its Python needs numpy and onnxruntime.
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
import onnxruntime  # noqa: E402
import triton_python_backend_utils as triton  # noqa: E402


class TritonPythonModel:
    """One instance, in a process of its own."""

    def initialize(self, args: dict[str, str]) -> None:
        """Loads the model beside this file.

        Args:
            args: texts from Triton; `model_config` is JSON.
        """
        config = json.loads(args["model_config"])
        parameters = {name: value["string_value"] for name, value in config["parameters"].items()}
        names = json.loads(parameters["names"])
        self.inputs: dict[str, str] = names["input"]
        self.outputs: dict[str, str] = names["output"]
        self.batched = config["max_batch_size"] > 0
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(parameters["threads"])
        # Instances share the cores: threads that spin would take them from each other.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = Path(__file__).with_name(parameters["model"])
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """One answer for each request. Those that Triton brings together have the same shapes but for the batch."""
        groups = [requests] if self.batched else [[request] for request in requests]
        return [answer for group in groups for answer in self._run(group)]

    def _run(self, requests: list[Any]) -> list[Any]:
        feed, ends = {}, []
        for name, native in self.inputs.items():
            parts = [triton.get_input_tensor_by_name(request, name).as_numpy() for request in requests]
            feed[native] = parts[0] if len(parts) == 1 else np.concatenate(parts)
            ends = np.cumsum([len(part) for part in parts])[:-1].tolist()
        values = self.session.run(list(self.outputs.values()), feed)
        # Axis 0 is the batch where there is more than one request; the only one gets all.
        cuts = [np.split(value, ends) if ends else [value] for value in values]
        return [
            triton.InferenceResponse(
                [triton.Tensor(name, parts[place]) for name, parts in zip(self.outputs, cuts, strict=True)]
            )
            for place in range(len(requests))
        ]
