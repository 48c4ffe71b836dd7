"""Encoded bytes to an upright 8-bit image: the reference decoder, on Pillow.

Formats are recognised by their first bytes, never by what the sender says. The header is read, and the pixel cap
applied, before any pixel is decoded.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from inference_core.bundle.preprocess import Decode
from inference_core.errors import (
    BadRequestError,
    InvalidImageError,
    TooLargeError,
    UnsupportedMediaError,
)
from inference_core.imaging.exif import read_orientation
from inference_core.imaging.layout import decode_scale
from inference_core.imaging.png import essential_chunks

DEFAULT_MAX_PIXELS = 50_000_000

MAX_SCANS = 500
"""A JPEG may have no more scans than this. Each costs a pass over the whole picture, however few bytes it has, so a
small progressive file could keep a CPU busy for hours. Counted as pairs of bytes FF DA, wherever they are."""

FirstTarget = Callable[[int, int], tuple[int, int] | None]
"""Size that the upright picture of a given size will be resized to first; None where that is not the first step."""

_Reader = Callable[[io.BytesIO], ImageFile]


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Leaves the resolution unread: nobody asks for it, and Pillow warns of damaged EXIF on the way."""


# The plugin classes are used directly, since Image.open would also try formats of other plugins (MPO) and has a
# pixel cap of its own that warns instead of refusing.
_READERS: dict[str, _Reader] = {
    "JPEG": _Jpeg,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "BMP": BmpImageFile,
}

FORMATS = tuple(_READERS)
"""Names of the formats that are read."""

_RUN_LENGTH_BMP = (1, 2)
_BAND = 64

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's four readers raise on damaged input.
_DAMAGE = (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, TypeError, KeyError, OverflowError)


def sniff_format(data: bytes) -> str | None:
    """`JPEG`, `PNG`, `WebP` or `BMP` by the first bytes, None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return "BMP" if data.startswith(b"BM") else None


@dataclass(frozen=True, slots=True)
class Decoded:
    """An upright 8-bit image, and what it was made from."""

    image: Image.Image
    """Of mode RGB, or L for GRAY."""
    width: int
    """Of the upright original, pixels."""
    height: int
    scale: int = 1
    """How many times smaller than the original the image was decoded."""


def decode_image(data: bytes, step: Decode, max_pixels: int = DEFAULT_MAX_PIXELS) -> Image.Image:
    """`decode` without a target: the whole picture, whatever the step's mode."""
    return decode(data, step, max_pixels).image


def decode(
    data: bytes, step: Decode, max_pixels: int = DEFAULT_MAX_PIXELS, first_target: FirstTarget | None = None
) -> Decoded:
    """Decodes `data` by the rules of the manifest's `decode` step.

    Args:
        data: a JPEG, PNG, WebP or BMP file.
        step: EXIF rule, colours and mode. Channel order is applied by the tensor step, so BGR too gives RGB here.
        max_pixels: upper bound of width x height, checked on the header.
        first_target: what mode `scaled` is led by.

    Raises:
        BadRequestError: no bytes at all.
        UnsupportedMediaError: not one of the four formats, or a run-length compressed BMP.
        TooLargeError: more pixels than `max_pixels`.
        InvalidImageError: truncated or damaged.
    """
    try:
        image, kind = _open(data)
    except Image.DecompressionBombError as error:  # of WebP alone: its canvas is made on opening, so Pillow looks first
        raise _too_many(str(error), max_pixels) from error
    if image.width * image.height > max_pixels:
        raise _too_many(f"{image.width} x {image.height} = {image.width * image.height} pixels", max_pixels)
    if kind == "BMP" and image.info.get("compression") in _RUN_LENGTH_BMP:
        raise UnsupportedMediaError(  # its decoder takes seconds for a file of a kilobyte
            "the BMP file is run-length compressed", expected="an uncompressed BMP", remedy="save it as PNG"
        )
    if kind == "JPEG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise _damaged(kind, ValueError(f"more than {MAX_SCANS} scans"))
    stored = image.size
    scale = _scale_down(image, step, first_target)
    try:
        image.load()
        pixels = _to_eight_bits(image)
    except _DAMAGE as error:
        raise _damaged(kind, error) from error
    orientation = _orientation(image, step)
    turn = _UPRIGHT.get(orientation)
    pixels = pixels if turn is None else pixels.transpose(turn)
    width, height = _upright(stored, orientation)
    return Decoded(pixels.convert("L") if step.color == "GRAY" else pixels, width, height, scale)


def _scale_down(image: ImageFile, step: Decode, first_target: FirstTarget | None) -> int:
    """Asks the JPEG decoder for a smaller picture where mode `scaled` allows it; returns how many times smaller."""
    if step.mode != "scaled" or first_target is None or not isinstance(image, JpegImageFile):
        return 1
    orientation = _orientation(image, step)
    width, height = _upright(image.size, orientation)
    target = first_target(width, height)
    if target is None:
        return 1
    image.draft(None, _upright(target, orientation))
    return decode_scale(width, height, target)


def _orientation(image: ImageFile, step: Decode) -> int:
    exif = image.info.get("exif")
    return read_orientation(exif) if step.exif and isinstance(exif, bytes) else 1


def _upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """`size` as it is seen upright, or the other way round."""
    return (size[1], size[0]) if orientation >= 5 else size


def _open(data: bytes) -> tuple[ImageFile, str]:
    if not data:
        raise BadRequestError("the image is empty", got="0 bytes", remedy="send the bytes of the picture")
    kind = sniff_format(data)
    if kind is None:
        raise UnsupportedMediaError(
            "the bytes are not an image of a known format",
            got=f"bytes that begin with {data[:8].hex(' ')}",
            expected="JPEG, PNG, WebP or BMP",
            remedy="convert the picture to one of these",
        )
    try:
        return _READERS[kind](io.BytesIO(essential_chunks(data) if kind == "PNG" else data)), kind
    except _DAMAGE as error:
        raise _damaged(kind, error) from error


def _too_many(got: str, max_pixels: int) -> TooLargeError:
    return TooLargeError(
        "the image has too many pixels",
        got=got,
        expected=f"at most {max_pixels}",
        remedy="send a smaller picture, or raise SATCHEL_MAX_PIXELS",
    )


def _damaged(kind: str, error: Exception) -> InvalidImageError:
    return InvalidImageError(
        f"the {kind} file cannot be decoded",
        got=str(error) or type(error).__name__,
        expected=f"a whole, undamaged {kind} file",
        remedy="check that the file opens in a viewer and was sent completely",
    )


def _to_eight_bits(image: ImageFile) -> Image.Image:
    """RGB by the conversions written down at the manifest's `Decode`."""
    pixels = _shift(image) if image.mode == "I;16" else image  # colour ones of 16 bits Pillow has already shifted
    if "A" in pixels.getbands() or "transparency" in image.info:
        return _over_white(pixels.convert("RGBA"))
    return pixels.convert("RGB")


def _shift(image: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits, with its colour key."""
    import numpy as np

    grey = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    grey.info = image.info
    return grey


def _over_white(image: Image.Image) -> Image.Image:
    """Composites RGBA over white: 255 - round(alpha * (255 - value) / 255), in integers."""
    import numpy as np

    pixels = np.asarray(image)
    out = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _BAND):  # in bands: whole pictures of 32-bit numbers would take gigabytes
        band = pixels[top : top + _BAND]
        dark = (255 - band[..., :3].astype(np.uint32)) * band[..., 3:] + 128
        out[top : top + _BAND] = 255 - ((dark + (dark >> 8)) >> 8)
    return Image.fromarray(out)
