"""An engine without a library, for tests of what stands on engines."""

import time
from collections.abc import Mapping

import numpy as np

from inference_core.engines import Array, Engine, EngineDescription
from inference_core.errors import EngineError


class ChannelMeans(Engine):
    """The tiny classifier in NumPy: notes each batch, and fails where it is told to."""

    def __init__(self, failing: tuple[int, ...] = (), delay: float = 0.0, instances: int = 1) -> None:
        self.instances = instances
        self.batches: list[Array] = []
        self.closed = False
        self._failing, self._delay = failing, delay

    def warm_up(self) -> None:
        """Needs none."""

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        image = inputs["images"].astype(np.float32)
        self.batches.append(image)
        time.sleep(self._delay)
        if len(self.batches) in self._failing:
            raise EngineError(f"call {len(self.batches)} failed")
        return {"logits": image.mean(axis=(2, 3)) * 10}

    def describe(self) -> EngineDescription:
        return EngineDescription("numpy", np.__version__, "cpu", (), "fp32", threads=1, instances=self.instances)

    def close(self) -> None:
        self.closed = True
