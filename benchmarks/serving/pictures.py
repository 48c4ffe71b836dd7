"""One photograph as JPEGs of several sizes."""

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image

_PHOTOGRAPH = "images/photos/kite_and_cold.jpg"
_SIZES = ((640, 480), (1280, 720), (1920, 1080))
_QUALITY = 90
_BODIES = {"20 KB": (320, 240), "150 KB": (960, 720), "1 MB": (2560, 1920)}
_KILOBYTES = {"20 KB": 20, "150 KB": 150, "1 MB": 1000}


class Picture(NamedTuple):
    """A JPEG file."""

    name: str
    data: bytes


def pictures(assets: Path) -> list[Picture]:
    """640 x 480, 1280 x 720 and 1920 x 1080, quality 90, 4:2:0."""
    return [Picture(f"{w}x{h}", _jpeg(_fitted(assets, w, h), _QUALITY)) for w, h in _SIZES]


def bodies(assets: Path) -> list[Picture]:
    """JPEGs of about 20 KB, 150 KB and 1 MB, at the quality that gives each its size."""
    found = []
    for name, size in _BODIES.items():
        image = _fitted(assets, *size)
        files = (_jpeg(image, quality) for quality in range(30, 99, 2))
        found.append(Picture(name, min(files, key=lambda data: abs(len(data) - _KILOBYTES[name] * 1000))))
    return found


def _fitted(assets: Path, width: int, height: int) -> Image.Image:
    """The middle of the photograph, in the shape that is wanted."""
    with Image.open(assets / _PHOTOGRAPH) as opened:
        image = opened.convert("RGB")
    ratio = max(width / image.width, height / image.height)
    wide, high = width / ratio, height / ratio
    left, top = (image.width - wide) / 2, (image.height - high) / 2
    return image.resize((width, height), Image.Resampling.LANCZOS, (left, top, left + wide, top + high))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, subsampling=2)
    return stream.getvalue()
