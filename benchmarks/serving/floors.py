"""What nobody can undercut: libjpeg-turbo decoding the picture, and onnxruntime running the model, by themselves."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime

from benchmarks.serving.pictures import Picture
from inference_core.bundle.preprocess import Crop, Decode, ToTensor
from inference_core.cpu import available_cpus
from inference_core.imaging.native import NativePath

_MAX_PIXELS = 10**8
_WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Floor:
    """Milliseconds, the median of each round."""

    decode: list[float] = field(default_factory=list)
    """On one thread."""
    infer: list[float] = field(default_factory=list)
    """On all cores, with threads that spin, as onnxruntime comes."""
    infer_alone: list[float] = field(default_factory=list)
    """On one thread."""

    @property
    def latencies(self) -> list[float]:
        """Of one request, in each round."""
        return [decode + infer for decode, infer in zip(self.decode, self.infer, strict=True)]

    @property
    def work(self) -> float:
        """Milliseconds of one core that a request takes."""
        return median(self.decode) + median(self.infer_alone)


class FloorMeter:
    """Measures the floors of one model in this process."""

    def __init__(self, source: Path) -> None:
        self._sessions = [_session(source, threads) for threads in (available_cpus(), 1)]
        [spec] = self._sessions[0].get_inputs()
        shape = [side if isinstance(side, int) else 1 for side in spec.shape]
        self._feed = {spec.name: np.random.default_rng(0).random(shape, np.float32)}

    def measure(self, picture: Picture, rounds: int, floor: Floor) -> None:
        """Adds a round of `rounds` calls of each."""
        decoder = NativePath([Decode(), Crop(width=1, height=1), ToTensor()], _MAX_PIXELS, 1)
        floor.decode.append(_timed(lambda: decoder.run(picture.data), rounds))
        for session, times in zip(self._sessions, (floor.infer, floor.infer_alone), strict=True):
            times.append(_timed(partial(session.run, None, self._feed), rounds))


def _session(source: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _timed(call: Callable[[], object], rounds: int) -> float:
    samples = []
    for turn in range(_WARM_UP + rounds):
        began = time.perf_counter()
        call()
        if turn >= _WARM_UP:
            samples.append((time.perf_counter() - began) * 1e3)
    return median(samples)
