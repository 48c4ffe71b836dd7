"""The native path and the reference on the same file."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from inference_core.bundle.preprocess import Decode, PreprocessStep, ToTensor
from inference_core.errors import SatchelError
from inference_core.imaging import Geometry, Prepared, Preprocessor
from inference_core.imaging.native import native_error

LEVELS = ("portable", "avx2", "avx512")

PIXELS: tuple[PreprocessStep, ...] = (Decode(), ToTensor(layout="NHWC", dtype="uint8"))
"""The decoded picture as it is."""


class Outcome(NamedTuple):
    """What became of a file: a tensor and its geometry, or an error."""

    prepared: Prepared | None
    error: SatchelError | None

    @property
    def name(self) -> str:
        """The kind of outcome."""
        return type(self.error).__name__ if self.error else "picture"


def usable_levels() -> list[str]:
    """The levels of vector instructions that this processor has."""
    import satchel_imaging

    return list(LEVELS[: LEVELS.index(satchel_imaging.cpu_level()) + 1])


def by_reference(data: bytes, steps: Sequence[PreprocessStep] = PIXELS, max_pixels: int = 10**6) -> Outcome:
    """Through Pillow and NumPy."""
    try:
        return Outcome(Preprocessor(steps, max_pixels, native=False).run(data), None)
    except SatchelError as error:
        return Outcome(None, error)


def natively(
    data: bytes,
    steps: Sequence[PreprocessStep] = PIXELS,
    max_pixels: int = 10**6,
    *,
    threads: int = 1,
    level: str | None = None,
) -> Outcome:
    """Through `satchel_imaging`, and what it leaves to the reference through that."""
    import satchel_imaging

    try:
        pipeline = satchel_imaging.Pipeline(
            [step.model_dump() for step in steps], max_pixels=max_pixels, threads=threads, level=level
        )
        prepared = pipeline.run(data)
    except satchel_imaging.ImagingError as error:
        if error.code == "not_native":
            return by_reference(data, steps, max_pixels)
        return Outcome(None, native_error(error.code, str(error), error.got, error.expected))
    return Outcome(Prepared(prepared.tensor, Geometry(*prepared.geometry)), None)


def assert_equal(expected: Outcome, got: Outcome) -> None:
    """The same tensor, bit for bit, and the same geometry; or the same kind of error."""
    assert got.name == expected.name, (expected.error, got.error)
    if expected.prepared is None or got.prepared is None:
        return
    assert got.prepared.geometry == expected.prepared.geometry
    assert got.prepared.tensor.dtype == expected.prepared.tensor.dtype
    assert got.prepared.tensor.shape == expected.prepared.tensor.shape
    assert got.prepared.tensor.flags.c_contiguous
    np.testing.assert_array_equal(got.prepared.tensor.view(np.uint8), expected.prepared.tensor.view(np.uint8))
