"""Runs a manifest's preprocessing steps: natively where that is installed, else by the reference on Pillow."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from PIL import Image

from inference_core.bundle.preprocess import (
    Crop,
    Decode,
    Letterbox,
    Pad,
    PreprocessStep,
    Resize,
    ResizeShort,
    ToTensor,
    ends_of,
)
from inference_core.errors import InvalidImageError
from inference_core.imaging.decode import DEFAULT_MAX_PIXELS, Decoded, decode
from inference_core.imaging.geometry import Geometry
from inference_core.imaging.layout import (
    GeometricStep,
    anchor_offset,
    crop_offset,
    letterbox_size,
    resampled_size,
    short_side_size,
)
from inference_core.imaging.native import NativePath, open_native
from inference_core.imaging.resize import resize_image
from inference_core.imaging.tensor import Tensor, TensorWriter

MAX_RESIZED_PIXELS = 2**28
"""Bound on any intermediate image: keeps a 1 x 16384 picture from growing a hundredfold under `resize_short`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One image, ready for the engine."""

    tensor: Tensor
    """With a batch axis of 1."""
    geometry: Geometry
    picture: Image.Image | None = None
    """Of mode RGB, what the tensor was made of; kept where `decode.color` is Y, since the tensor lacks the colours."""
    decode_ms: float = 0.0
    """Time in the decoder. The native path resamples rows on other threads while the next ones are decoded: there it
    is the caller's time inside the decoder."""
    preprocess_ms: float = 0.0
    """All the rest."""


class Preprocessor:
    """Decodes and prepares images as a chain of manifest steps says. Thread-safe.

    Args:
        steps: a valid chain: `decode`, geometric steps, `tensor`.
        max_pixels: cap on width x height, applied to the header before decoding.
        threads: how many the native path may use for one image, the caller's included.
        native: whether the native path is used for the formats it has (see `imaging_paths`).
    """

    def __init__(
        self,
        steps: Sequence[PreprocessStep],
        max_pixels: int = DEFAULT_MAX_PIXELS,
        *,
        threads: int = 1,
        native: bool = True,
    ) -> None:
        self._decode, last = ends_of(steps)
        self._geometric = [s for s in steps if not isinstance(s, Decode | ToTensor)]
        self._write = TensorWriter(self._decode, last)
        self._max_pixels = max_pixels
        self._native: NativePath | None = None
        if native and self._decode.color != "Y":  # whose picture the native path does not keep
            self._native = open_native(steps, max_pixels, threads)

    def run(self, data: bytes) -> Prepared:
        """From the bytes of a file to a tensor, on the path that the file's format takes.

        Raises:
            SatchelError: what `decode` and `prepare` raise.
        """
        prepared = self._native.run(data) if self._native else None
        if prepared is not None:
            return Prepared(
                prepared.tensor,
                Geometry(*prepared.geometry),
                decode_ms=round(prepared.decode_ms, 3),
                preprocess_ms=round(prepared.prepare_ms, 3),
            )
        began = time.perf_counter()
        decoded = self.decode(data)
        between = time.perf_counter()
        result = self.prepare(decoded)
        return replace(result, decode_ms=_between(began, between), preprocess_ms=_between(between, time.perf_counter()))

    def decode(self, data: bytes) -> Decoded:
        """The upright 8-bit image, by the reference. Raises what `imaging.decode.decode` raises."""
        return decode(data, self._decode, self._max_pixels, self._first_target)

    def prepare(self, picture: Decoded | Image.Image) -> Prepared:
        """Runs every step after `decode`, by the reference, on what `decode` gave or on an image of mode RGB or L.

        Raises:
            InvalidImageError: a step would make an image of more than `MAX_RESIZED_PIXELS`.
        """
        decoded = Decoded(picture, *picture.size) if isinstance(picture, Image.Image) else picture
        image, geometry = decoded.image, Geometry(decoded.width, decoded.height)
        if decoded.scale > 1:
            geometry = geometry.scaled(1 / decoded.scale, 1 / decoded.scale)
        for step in self._geometric:
            image, geometry = _apply(step, image, geometry)
        return Prepared(self._write(image), geometry, image if self._decode.color == "Y" else None)

    def _first_target(self, width: int, height: int) -> tuple[int, int] | None:
        return resampled_size(width, height, self._geometric[0]) if self._geometric else None


def _between(began: float, ended: float) -> float:
    """Milliseconds between two readings of `time.perf_counter()`, to the microsecond."""
    return round((ended - began) * 1e3, 3)


def _apply(step: GeometricStep, image: Image.Image, geometry: Geometry) -> tuple[Image.Image, Geometry]:
    match step:
        case Resize():
            return _resize(image, geometry, step.width, step.height, step)
        case ResizeShort():
            return _resize(image, geometry, *short_side_size(image.width, image.height, step), step)
        case Letterbox():
            width, height = letterbox_size(image.width, image.height, step)
            image, geometry = _resize(image, geometry, width, height, step)
            left = anchor_offset(step.width - width, step.anchor)
            top = anchor_offset(step.height - height, step.anchor)
            return _place(image, geometry, (step.width, step.height), (left, top), step)
        case Pad():
            width = -(-image.width // step.multiple) * step.multiple
            height = -(-image.height // step.multiple) * step.multiple
            left = anchor_offset(width - image.width, step.anchor)
            top = anchor_offset(height - image.height, step.anchor)
            return _place(image, geometry, (width, height), (left, top), step)
        case Crop():
            left = crop_offset(image.width, step.width, step)
            top = crop_offset(image.height, step.height, step)
            return _place(image, geometry, (step.width, step.height), (-left, -top), step)
        case _:
            assert_never(step)


def _resize(
    image: Image.Image, geometry: Geometry, width: int, height: int, step: Resize | ResizeShort | Letterbox
) -> tuple[Image.Image, Geometry]:
    _check_size(image, (width, height), step)
    resized = resize_image(image, width, height, step)
    return resized, geometry.scaled(width / image.width, height / image.height)


def _place(
    image: Image.Image, geometry: Geometry, size: tuple[int, int], offset: tuple[int, int], step: Letterbox | Pad | Crop
) -> tuple[Image.Image, Geometry]:
    """Pastes the image on a filled canvas of `size` with its first pixel at `offset`, which may lie outside."""
    if size == image.size and offset == (0, 0):
        return image, geometry
    _check_size(image, size, step)
    canvas = Image.new(image.mode, size, step.fill if image.mode == "L" else (step.fill,) * 3)
    canvas.paste(image, offset)
    return canvas, geometry.shifted(*offset)


def _check_size(image: Image.Image, size: tuple[int, int], step: GeometricStep) -> None:
    if size[0] * size[1] > MAX_RESIZED_PIXELS:
        raise InvalidImageError(
            "the image's shape is too extreme for this model",
            got=f"{image.width} x {image.height}, which would become {size[0]} x {size[1]}",
            expected=f"at most {MAX_RESIZED_PIXELS} pixels after {step.op}",
            remedy="crop the picture to a less elongated shape",
        )
