from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__version__: str

class TorchscriptError(Exception):
    code: str
    got: str
    expected: str

class Module:
    def __init__(self, path: str, threads: int, device: str, bfloat16: bool, fuse: bool) -> None: ...
    @property
    def inputs(self) -> list[str]: ...
    def prepare(self, inputs: Sequence[npt.NDArray[np.generic]]) -> tuple[int, float, str]: ...
    def save(self, path: str) -> None: ...
    def run(self, inputs: Sequence[npt.NDArray[np.generic]]) -> dict[str, npt.NDArray[np.generic]]: ...

def libtorch_version() -> str: ...
