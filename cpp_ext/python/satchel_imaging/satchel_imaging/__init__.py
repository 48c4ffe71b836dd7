"""Encoded images to input tensors, and output tensors to predictions, natively.

The same pixels and numbers as Satchel's Python reference, bit for bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from satchel_imaging import _core
from satchel_imaging._core import ImagingError
from satchel_imaging.geometry import Geometry
from satchel_imaging.postprocess import Postprocessor, Predictions

__version__ = _core.__version__
__all__ = [
    "Geometry",
    "ImagingError",
    "Pipeline",
    "Postprocessor",
    "Predictions",
    "Prepared",
    "__version__",
    "cpu_level",
    "formats",
    "libjpeg_version",
]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One image, ready for an engine."""

    tensor: npt.NDArray[np.generic]
    """With a batch axis of 1."""
    geometry: Geometry
    decode_ms: float
    """The caller's time inside the decoder. Rows are resampled on other threads meanwhile."""
    prepare_ms: float
    """All the rest of the call."""


class Pipeline:
    """A manifest's preprocessing steps. Thread-safe; works without the interpreter's lock.

    Args:
        steps: records as in `bundle.json`, with every parameter: `decode`, geometric steps, `tensor`.
        max_pixels: cap on width x height, applied to the header before decoding.
        threads: how many may work on one image, the caller's included.
        level: `portable`, `avx2` or `avx512`; None for the best that the processor has.

    Raises:
        ImagingError: steps that this build does not know (code `bad_argument`).
    """

    def __init__(
        self,
        steps: Sequence[Mapping[str, object]],
        *,
        max_pixels: int,
        threads: int = 1,
        level: str | None = None,
    ) -> None:
        self._core = _core.Pipeline([dict(step) for step in steps], max_pixels, threads, level or "")

    def run(self, data: bytes) -> Prepared:
        """Decodes and prepares one image.

        Raises:
            ImagingError: `code` is one of `empty`, `unknown_format`, `not_native` (this kind of file is left to the
                reference), `too_many_pixels`, `damaged` and `too_extreme`.
        """
        tensor, geometry, decode_ms, prepare_ms = self._core.run(data)
        return Prepared(tensor, Geometry(*geometry), decode_ms, prepare_ms)


def formats() -> dict[str, bool]:
    """Whether each format is decoded here; the others are left to the reference on purpose."""
    return _core.formats()


def cpu_level() -> str:
    """The vector instructions in use: `portable`, `avx2` or `avx512`."""
    return _core.cpu_level()


def libjpeg_version() -> str:
    """The libjpeg-turbo that this was built with."""
    return _core.libjpeg_version()
