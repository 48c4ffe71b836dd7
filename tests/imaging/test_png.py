"""Chunks of a PNG: those that decide pixels, and those that must not."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inference_core.errors import InvalidImageError
from inference_core.imaging.png import essential_chunks
from tests.imaging.files import chunk, decoded, exif, png
from tests.pictures import encode, noise

WHITE = [255, 255, 255]


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
@pytest.mark.parametrize("keyword", ["transparency", "bbox", "interlace", "exif", "icc_profile"])
@pytest.mark.parametrize("late", [False, True])
def test_a_comment_never_changes_the_picture(kind: str, keyword: str, late: bool) -> None:
    text = {"tEXt": b"\0hello", "zTXt": b"\0\0" + zlib.compress(b"hello"), "iTXt": b"\0\0\0\0\0hello"}[kind]
    comment = chunk(kind.encode(), keyword.encode() + text)
    data = png(2, [b"abcdef"], extra=b"" if late else comment, late=comment if late else b"")
    assert decoded(data).tolist() == [[[97, 98, 99], [100, 101, 102]]]


@pytest.mark.parametrize("kind", [b"iCCP", b"pHYs", b"acTL", b"fcTL", b"gAMA", b"cHRM", b"prVt"])
def test_a_damaged_side_chunk_does_not_cost_the_picture(kind: bytes) -> None:
    assert decoded(png(1, [b"abc"], extra=chunk(kind, bytes(3)))).tolist() == [[[97, 98, 99]]]


@pytest.mark.parametrize(
    ("depth", "row", "key", "expected"),
    [
        (1, b"\x40", 0, [255, 255]),
        (2, b"\x10", 1, [0, 255]),
        (2, b"\x60", 1, [255, 170]),
        (4, b"\x34", 3, [255, 68]),
        (8, b"\x40\x41", 0x40, [255, 0x41]),
        (16, b"\x40\x41\x55\x40", 0x4041, [255, 0x55]),
        (16, b"\x12\x34\x34\x12", 0x1234, [255, 0x34]),
    ],
)
def test_a_grey_colour_key_is_compared_in_eight_bits(depth: int, row: bytes, key: int, expected: list[int]) -> None:
    data = png(2, [row], depth=depth, color=0, extra=chunk(b"tRNS", struct.pack(">H", key)))
    assert decoded(data)[..., 0].tolist() == [expected]


@pytest.mark.parametrize(("depth", "key"), [(8, (1, 2, 3)), (16, (0x0109, 0x0208, 0x0307))])
def test_a_colour_key_is_transparent_only_where_all_three_samples_match(depth: int, key: tuple[int, int, int]) -> None:
    samples = [1, 2, 3, 1, 2, 4, 3, 2, 1]
    row = bytes(samples) if depth == 8 else struct.pack(">9H", *(s << 8 | 0x55 for s in samples))
    data = png(3, [row], depth=depth, extra=chunk(b"tRNS", struct.pack(">3H", *key)))
    assert decoded(data).tolist() == [[WHITE, [1, 2, 4], [3, 2, 1]]]


def test_the_bytes_of_a_palette_transparency_are_left_alone() -> None:
    data = png(1, [b"\0"], color=3, extra=chunk(b"PLTE", b"abc") + chunk(b"tRNS", b"\x80\x40"))
    assert essential_chunks(data) == data


def test_only_chunks_that_decide_pixels_are_kept() -> None:
    kept = chunk(b"eXIf", exif(6))
    data = png(1, [b"abc"], extra=kept + chunk(b"tEXt", b"a\0b"), late=chunk(b"tIME", bytes(7)))
    assert essential_chunks(data) == png(1, [b"abc"], extra=kept)


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"tRNS", b"PLTE"])
def test_a_wrong_checksum_of_what_decides_pixels_is_refused(kind: bytes) -> None:
    extra = chunk(b"PLTE", b"abcdef") + chunk(b"tRNS", b"\0\1\0\1\0\1")
    data = bytearray(png(1, [b"abc"], extra=extra))
    place = data.index(kind)
    (length,) = struct.unpack_from(">I", data, place - 4)
    data[place + 4 + length] ^= 1
    if kind == b"IDAT":  # Pillow reads the pixels by their own checksum
        data[place + 3 + length] ^= 1
    with pytest.raises(InvalidImageError):
        decoded(bytes(data))


def test_interlaced_pictures_are_read() -> None:
    pixels = noise(9, 10)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    lines = [b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx] if row.size]
    header = struct.pack(">IIBBBBB", 9, 10, 8, 2, 0, 0, 1)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"".join(lines))), chunk(b"IEND", b"")]
    assert np.array_equal(decoded(b"\x89PNG\r\n\x1a\n" + b"".join(parts)), pixels)


def test_pixels_may_be_spread_over_many_chunks() -> None:
    pixels = noise(20, 20)
    whole = encode(pixels)
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    pieces = b"".join(chunk(b"IDAT", body[i : i + 7]) for i in range(0, len(body), 7))
    assert np.array_equal(decoded(whole[:33] + pieces + chunk(b"IEND", b"")), pixels)
    assert Image.open(io.BytesIO(whole)).size == (20, 20)
