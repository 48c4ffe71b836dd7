from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

__version__: str

class ImagingError(Exception):
    code: str
    got: str
    expected: str

class Pipeline:
    def __init__(
        self, steps: Sequence[Mapping[str, object]], max_pixels: int, threads: int, level: str
    ) -> None: ...
    def run(
        self, data: bytes
    ) -> tuple[npt.NDArray[np.generic], tuple[int, int, float, float, float, float], float, float]: ...

def formats() -> dict[str, bool]: ...
def cpu_level() -> str: ...
def libjpeg_version() -> str: ...
