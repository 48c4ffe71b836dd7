"""The native path: which formats take it, and its errors in terms of ours.

It is there where the package `satchel_imaging` is installed in the version of this one. `/version` shows it.
"""

import functools
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from inference_core import __version__
from inference_core.bundle.preprocess import PreprocessStep
from inference_core.errors import (
    BadRequestError,
    InvalidImageError,
    SatchelError,
    TooLargeError,
    UnsupportedMediaError,
)
from inference_core.imaging.decode import FORMATS, sniff_format

if TYPE_CHECKING:
    import satchel_imaging

Path = Literal["native", "reference"]

_ERRORS: dict[str, tuple[type[SatchelError], str]] = {
    "empty": (BadRequestError, "send the bytes of the picture"),
    "unknown_format": (UnsupportedMediaError, "convert the picture to one of these"),
    "too_many_pixels": (TooLargeError, "send a smaller picture, or raise SATCHEL_MAX_PIXELS"),
    "damaged": (InvalidImageError, "check that the file opens in a viewer and was sent completely"),
    "too_extreme": (InvalidImageError, "crop the picture to a less elongated shape"),
}


class NativePath:
    """The steps of one manifest in the native module. Thread-safe."""

    def __init__(self, steps: Sequence[PreprocessStep], max_pixels: int, threads: int) -> None:
        import satchel_imaging

        self._error = satchel_imaging.ImagingError
        self._pipeline = satchel_imaging.Pipeline(
            [step.model_dump() for step in steps], max_pixels=max_pixels, threads=threads
        )
        self._formats = {name for name, path in imaging_paths().items() if path == "native"}

    def run(self, data: bytes) -> "satchel_imaging.Prepared | None":
        """None where the file is of a kind that is left to the reference on purpose.

        Those are the formats that `imaging_paths` names so, and lossless JPEG.
        """
        if sniff_format(data) not in self._formats:
            return None
        try:
            return self._pipeline.run(data)
        except self._error as error:
            if error.code == "not_native":
                return None
            raise native_error(error.code, str(error), error.got, error.expected) from error


def native_error(code: str, message: str, got: str, expected: str) -> SatchelError:
    """Our error for one of the native module."""
    kind, remedy = _ERRORS[code]
    return kind(message, got=got or None, expected=expected or None, remedy=remedy)


def open_native(steps: Sequence[PreprocessStep], max_pixels: int, threads: int) -> NativePath | None:
    """The native path for `steps`, or None where no format takes it."""
    return NativePath(steps, max_pixels, threads) if "native" in imaging_paths().values() else None


@functools.cache
def imaging_paths() -> dict[str, Path]:
    """Which path each format takes in this process. Found out once."""
    if find_spec("satchel_imaging") is None:
        return dict.fromkeys(FORMATS, "reference")
    module = import_module("satchel_imaging")
    native = module.formats() if module.__version__ == __version__ else {}
    return {name: "native" if native.get(name, False) else "reference" for name in FORMATS}
