from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

__version__: str

class ImagingError(Exception):
    code: str
    got: str
    expected: str

class Pipeline:
    def __init__(self, steps: Sequence[Mapping[str, object]], max_pixels: int, threads: int, level: str) -> None: ...
    def run(
        self, data: bytes
    ) -> tuple[npt.NDArray[np.generic], tuple[int, int, float, float, float, float], float, float]: ...

class Postprocessor:
    def __init__(self, steps: Sequence[Mapping[str, object]], outputs: Sequence[str]) -> None: ...
    def run(
        self,
        outputs: Sequence[npt.NDArray[np.float32]],
        input_width: int,
        input_height: int,
        geometry: tuple[int, int, float, float, float, float],
    ) -> tuple[
        npt.NDArray[np.int64],
        npt.NDArray[np.float32],
        npt.NDArray[np.int64],
        npt.NDArray[np.float64],
        npt.NDArray[np.float64],
        list[str],
    ]: ...

def formats() -> dict[str, bool]: ...
def cpu_level() -> str: ...
def libjpeg_version() -> str: ...
