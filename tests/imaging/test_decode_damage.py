"""Damaged and hostile files: a picture or an error of ours, never anything else, and never much memory."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.ImageFile import ImageFile

from inference_core.bundle.preprocess import Decode
from inference_core.errors import InvalidImageError, SatchelError, TooLargeError
from inference_core.imaging import decode_image
from tests.imaging.files import bmp, chunk, decoded, exif, png
from tests.pictures import encode, noise

BLOCK = b"Exif\0\0" + exif(6, before=2)
PICTURE = noise(9, 7)
SMALL = {
    "jpeg": encode(PICTURE, "JPEG", exif=BLOCK),
    "progressive": encode(PICTURE, "JPEG", progressive=True),
    "png": encode(noise(9, 7, channels=4), exif=BLOCK),
    "palette": png(3, [b"\0\1\2"], color=3, extra=chunk(b"PLTE", bytes(range(9))) + chunk(b"tRNS", b"\x80\x40")),
    "webp": encode(PICTURE, "WEBP", lossless=True, exif=BLOCK),
    "lossy": encode(PICTURE, "WEBP"),
    "bmp": encode(PICTURE, "BMP"),
    "rle": bmp(4, 2, bytes([4, 1, 0, 0, 0, 4, 1, 0, 1, 0, 0, 1]), bits=8, compression=1, palette=bytes(8)),
}

SPARE = {"jpeg": 2, "progressive": 2, "png": 21, "palette": 21, "bmp": 1}
"""Last bytes that hold no pixels: EOI; the checksums of IDAT, and IEND; the padding of a row."""


@pytest.mark.parametrize("name", [n for n in SMALL if n != "rle"])  # run lengths may leave rows out
def test_a_file_cut_anywhere_is_refused_or_loses_only_its_end_mark(name: str) -> None:
    data = SMALL[name]
    whole = decoded(data)
    refused = 0
    for length in range(1, len(data)):
        try:
            assert np.array_equal(decoded(data[:length]), whole), length
        except SatchelError as error:
            assert error.status == (422 if length >= 12 else error.status)
            refused += 1
    assert len(data) - 1 - refused <= SPARE.get(name, 0)


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=150, deadline=None)
@given(place=st.data())
def test_flipped_bits_give_a_picture_or_our_error(name: str, place: st.DataObject) -> None:
    data = bytearray(SMALL[name])
    for _ in range(place.draw(st.integers(1, 4))):
        position = place.draw(st.integers(0, min(len(data), 120) - 1) | st.integers(0, len(data) - 1))
        data[position] = place.draw(st.sampled_from([0, 255]) | st.integers(0, 255))
    try:
        image = decode_image(bytes(data), Decode(), max_pixels=100_000)
    except SatchelError as error:
        assert error.status in (413, 415, 422)
    else:
        assert image.mode == "RGB"
        assert image.width * image.height <= 100_000


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND"])
@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=30))
def test_any_chunk_with_a_right_checksum_gives_a_picture_or_our_error(kind: bytes, body: bytes) -> None:
    for color, row in ((0, b"\0"), (2, b"abc"), (3, b"\0"), (6, b"abcd")):
        try:
            decode_image(png(1, [row], color=color, extra=chunk(kind, body)), Decode(), max_pixels=100_000)
        except SatchelError as error:
            assert error.status in (413, 422)


def test_damage_is_told_in_full() -> None:
    with pytest.raises(InvalidImageError) as caught:
        decoded(SMALL["jpeg"][:-40])
    body = caught.value.body()["error"]
    assert body["code"] == "invalid_image"
    assert body["message"] == "the JPEG file cannot be decoded"
    assert body["expected"] == "a whole, undamaged JPEG file"
    assert body["got"] is not None
    assert "truncated" in body["got"]


def png_header(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(9)))


def jpeg_header(width: int, height: int) -> bytes:
    data = SMALL["jpeg"]
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def webp_header(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    lossless = SMALL["webp"][SMALL["webp"].index(b"VP8L") :]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = bytes(6) + (8).to_bytes(3, "little") + (6).to_bytes(3, "little") + bytes(4)
    pixels = lossless[: 8 + struct.unpack_from("<I", lossless, 4)[0]]
    pixels += b"\0" * (len(pixels) % 2)
    body += b"ANMF" + struct.pack("<I", len(frame) + len(pixels)) + frame + pixels
    return b"RIFF" + struct.pack("<I", len(body)) + body


def claims(width: int, height: int) -> list[bytes]:
    sizes = (width, height)
    return [png_header(*sizes), jpeg_header(*sizes), bmp(*sizes, b""), bmp(width, -height, b""), webp_header(*sizes)]


@pytest.mark.parametrize("index", range(5), ids=["png", "jpeg", "bmp", "bmp-top-down", "webp"])
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_bomb_is_refused_before_a_pixel_is_decoded(index: int, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 million pixels are where Pillow itself would warn."""
    monkeypatch.setattr(ImageFile, "load", lambda _: pytest.fail("the pixels were decoded"))
    data = claims(side, side)[index]
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError) as caught:
            decode_image(data, Decode())
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert (caught.value.status, caught.value.expected) == (413, "at most 50000000")
    assert caught.value.got is not None
    assert str(side * side) in caught.value.got


@pytest.mark.parametrize("index", range(5), ids=["png", "jpeg", "bmp", "bmp-top-down", "webp"])
def test_the_cap_itself_is_allowed_and_one_pixel_more_is_not(index: int) -> None:
    data = claims(9, 7)[index]
    with pytest.raises(TooLargeError, match="too many pixels") as caught:
        decode_image(data, Decode(), max_pixels=62)
    assert caught.value.got == "9 x 7 = 63 pixels"
    try:  # some of these hold no pixels: what counts is that they are not too large
        assert decode_image(data, Decode(), max_pixels=63).size in ((9, 7), (7, 9))
    except InvalidImageError as error:
        assert error.status == 422


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)], ids=["no columns", "no rows"])
def test_a_picture_without_pixels_is_damaged(width: int, height: int) -> None:
    for data in (png_header(width, height), jpeg_header(width, height), bmp(width, height, b"")):
        with pytest.raises(InvalidImageError):
            decoded(data)


def test_the_lowest_possible_height_is_refused() -> None:
    with pytest.raises(TooLargeError):
        decoded(bmp(1, -(2**31), b""))
