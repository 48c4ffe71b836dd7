"""Picture files built byte by byte, for what no encoder writes."""

import struct
import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from inference_core.bundle.preprocess import Decode
from inference_core.imaging import decode_image


def decoded(data: bytes, **rules: object) -> npt.NDArray[np.uint8]:
    """The levels that the reference decoder gives."""
    return np.asarray(decode_image(data, Decode.model_validate(rules)))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(  # one argument for each fact of the header
    width: int, rows: Iterable[bytes], *, depth: int = 8, color: int = 2, extra: bytes = b"", late: bytes = b""
) -> bytes:
    """A PNG of unfiltered rows, with chunks before (`extra`) and after (`late`) its pixels."""
    lines = [b"\0" + row for row in rows]
    header = struct.pack(">IIBBBBB", width, len(lines), depth, color, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"".join(lines)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + pixels + late + chunk(b"IEND", b"")


def bmp(width: int, height: int, pixels: bytes, *, bits: int = 24, compression: int = 0, palette: bytes = b"") -> bytes:
    """A BMP with a 40-byte header; a negative height means top row first."""
    colors = len(palette) // 4
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, colors, 0)
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + palette + pixels


def exif(orientation: int, *, order: str = "<", kind: int = 3, before: int = 0) -> bytes:
    """A TIFF block with `before` other tags and the orientation."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    other = struct.pack(f"{order}HHI4s", 0x0100, 3, 1, b"\1\0\0\0")
    value = struct.pack(f"{order}HH", orientation, 0) if kind == 3 else struct.pack(f"{order}I", orientation)
    tag = struct.pack(f"{order}HHI", 0x0112, kind, 1) + value
    return head + struct.pack(f"{order}IH", 8, before + 1) + other * before + tag + b"\0\0\0\0"


def jpeg_with(data: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment right after its start."""
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]
