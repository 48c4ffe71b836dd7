"""One way to run a model's forward pass, in a process of its own: a bundle's pick, or a library as it comes."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Run = Callable[[], Any]


def open_pick(model: str, tensor: npt.NDArray[Any]) -> Run:
    """The default artifact of a bundle, as it is served."""
    from inference_core import LocalPredictor, open_bundle
    from inference_core.placement import engine_options

    bundle = open_bundle(Path(model))
    artifact = bundle.artifact()
    predictor = LocalPredictor.load(bundle, options=engine_options(bundle.manifest, artifact, alone=True))
    predictor.engine.warm_up()
    feed = {artifact.inputs[0].name: tensor}
    return lambda: predictor.engine.infer(feed)


def open_onnxruntime(model: str, tensor: npt.NDArray[Any]) -> Run:
    """An ONNX file in a session with all defaults."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    feed = {session.get_inputs()[0].name: tensor}
    return lambda: session.run(None, feed)


def open_openvino(model: str, tensor: npt.NDArray[Any]) -> Run:
    """An ONNX file compiled for latency, everything else by default."""
    import openvino

    request = openvino.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY"}).create_infer_request()
    return lambda: request.infer([tensor], share_inputs=True)


def open_torch(model: str, tensor: npt.NDArray[Any]) -> Run:
    """A TorchScript file in Python torch: neither frozen nor fused."""
    import torch

    net, image = torch.jit.load(model).eval(), torch.from_numpy(tensor)

    def run() -> Any:  # noqa: ANN401  # a tensor
        with torch.inference_mode():
            return net(image)

    return run


_OPENERS = {
    "pick": open_pick,
    "onnxruntime": open_onnxruntime,
    "openvino": open_openvino,
    "torch": open_torch,
}


class Forward:
    """A model that is loaded, and has run a few times.

    Args:
        kind: one of the ways above.
        model: a bundle for `pick`, else a model file.
        tensor: a .npy file with the input.
    """

    def __init__(self, kind: str, model: str, tensor: str) -> None:
        self._run = _OPENERS[kind](model, np.load(tensor, allow_pickle=False))
        for _ in range(5):
            self._run()

    def time(self, seconds: float) -> list[float]:
        """Milliseconds of each run, one after the other for so long; the first, which wakes the caches, is left out."""
        self._run()
        samples = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            self._run()
            samples.append((time.perf_counter() - began) * 1e3)
        return samples
