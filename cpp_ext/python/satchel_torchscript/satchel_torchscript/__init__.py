"""TorchScript archives run by libtorch, without Python torch.

Two copies of libtorch in one process abort it, so this package and `torch` exclude each other: whichever comes second
is refused with an ImportError.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from satchel_torchscript.exclusion import exclude_torch

exclude_torch()

from satchel_torchscript import _core  # noqa: E402 - only now is it safe to load
from satchel_torchscript._core import TorchscriptError  # noqa: E402

__version__ = _core.__version__
__all__ = ["Module", "Preparation", "TorchscriptError", "__version__", "libtorch_version"]

Array = npt.NDArray[np.generic]


class Preparation(NamedTuple):
    """What came of preparing one set of input shapes."""

    fused_kernels: int
    """That oneDNN Graph made; 0 where the plain graph is run."""
    difference: float
    """Largest difference between fused and plain answer, in units of the largest plain value."""
    refusal: str
    """Why fusion was given up; empty where it was not."""


class Module:
    """A frozen archive. Thread-safe; works without the interpreter's lock.

    Args:
        path: of a file that `torch.jit.save` wrote.
        threads: intra-op threads of one run.
        device: `cpu`, or with a build for GPUs `cuda` or `cuda:N`.
        bfloat16: whether weights and floating inputs are rounded to bfloat16 and computed in it; the weights of a
            frozen archive are taken as they are.
        fuse: whether oneDNN Graph may fuse operators, where it changes no answer.

    Raises:
        TorchscriptError: `code` is `bad_archive`, `missing_operator` or `no_device`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int = 1,
        device: str = "cpu",
        bfloat16: bool = False,
        fuse: bool = True,
    ) -> None:
        self._core = _core.Module(str(path), threads, device, bfloat16, fuse)
        self.inputs = tuple(self._core.inputs)
        """Names of forward's arguments."""

    def prepare(self, inputs: Sequence[Array]) -> Preparation:
        """Compiles the graph for the shapes of `inputs`, in the order of forward's arguments.

        Fused and plain graph are compared on these arrays, so they should hold ordinary values.

        Raises:
            TorchscriptError: `code` is `bad_input` or `failed`.
        """
        return Preparation(*self._core.prepare(_contiguous(inputs)))

    def run(self, inputs: Sequence[Array]) -> dict[str, Array]:
        """Runs forward. The arrays are only read; the outputs are the caller's.

        Returns:
            By their path through nested tuples, lists and dicts, such as `boxes` or `0.1`; a lone tensor is `output`.

        Raises:
            TorchscriptError: `code` is `bad_input` or `failed`.
        """
        return self._core.run(_contiguous(inputs))

    def save(self, path: str | Path) -> None:
        """Writes the frozen module as an archive, which loads several times faster than what was loaded here.

        Raises:
            TorchscriptError: `code` is `failed`.
        """
        self._core.save(str(path))


def libtorch_version() -> str:
    """The libtorch that this was built with."""
    return _core.libtorch_version()


def _contiguous(inputs: Sequence[Array]) -> list[Array]:
    return [np.asarray(value, order="C") for value in inputs]
