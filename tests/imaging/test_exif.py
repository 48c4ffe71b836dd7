"""Orientation: read from any block, applied to any format."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_core.imaging.exif import read_orientation
from tests.imaging.files import chunk, decoded, exif, jpeg_with, png
from tests.pictures import encode

PIXELS = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)

UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p.swapaxes(0, 1), 2),
    8: lambda p: np.rot90(p, 1),
}
"""What turns the stored picture upright: 6 is a quarter turn clockwise."""


def stored(kind: str, orientation: int) -> bytes:
    block = exif(orientation)
    if kind == "PNG":
        return png(2, [row.tobytes() for row in PIXELS], extra=chunk(b"eXIf", block))
    if kind == "WEBP":
        return encode(PIXELS, kind, lossless=True, exif=b"Exif\0\0" + block)
    blocks = PIXELS.repeat(16, axis=0).repeat(16, axis=1)
    return encode(blocks, kind, quality=100, subsampling=0, exif=b"Exif\0\0" + block)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_turned_upright(kind: str, orientation: int) -> None:
    data = stored(kind, orientation)
    flat = decoded(data, exif=False)
    assert np.array_equal(decoded(data), UPRIGHT[orientation](flat))
    assert flat.shape == ((48, 32, 3) if kind == "JPEG" else (3, 2, 3))


def test_a_sideways_camera_picture_gets_its_sky_on_top() -> None:
    """Orientation 6: the stored left column is the upright top row."""
    picture = Image.new("RGB", (32, 16), "white")
    picture.paste((0, 0, 255), (0, 0, 16, 16))
    upright = decoded(encode(picture, "JPEG", exif=b"Exif\0\0" + exif(6)))
    assert upright.shape == (32, 16, 3)
    assert upright[4, 8, 0] < 100
    assert upright[4, 8, 2] > 200
    assert upright[28, 8].min() > 200


@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("before", [0, 5])
def test_orientation_is_found_in_either_byte_order(prefix: bytes, order: str, before: int) -> None:
    assert [read_orientation(prefix + exif(n, order=order, before=before)) for n in range(1, 9)] == list(range(1, 9))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_out_of_range_means_upright(orientation: int) -> None:
    assert read_orientation(exif(orientation)) == 1


@pytest.mark.parametrize("kind", [1, 4, 7])
def test_an_orientation_of_the_wrong_type_means_upright(kind: int) -> None:
    assert read_orientation(exif(6, kind=kind)) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_block_cut_before_the_end_of_its_tag_means_upright(order: str) -> None:
    whole = b"Exif\0\0" + exif(6, order=order, before=1)
    complete = len(whole) - 6  # the last two bytes of the value and the link to the next directory are not needed
    for length in range(len(whole) + 1):
        assert read_orientation(whole[:length]) == (6 if length >= complete else 1), length


@pytest.mark.parametrize("block", [b"", b"II*\0", b"XX*\0" + exif(6)[4:], b"II\0*" + exif(6)[4:], b"Exif\0\0"])
def test_what_is_no_exif_means_upright(block: bytes) -> None:
    assert read_orientation(block) == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"II*\0", b"MM\0*", b"Exif\0\0II*\0\x08\0\0\0"]))
def test_no_block_of_any_bytes_fails(tail: bytes, head: bytes) -> None:
    assert 1 <= read_orientation(head + tail) <= 8


def test_a_damaged_block_costs_neither_the_picture_nor_a_warning() -> None:
    """Without a JFIF segment the resolution stands in EXIF, which a reader may be tempted to look up."""
    plain = encode(PIXELS.repeat(8, axis=0), "JPEG")
    bare = plain[:2] + plain[20:]  # without the JFIF segment
    block = b"Exif\0\0" + exif(6, before=3)
    expected = decoded(plain)
    for length in range(6, len(block) - 6):
        assert np.array_equal(decoded(jpeg_with(bare, 0xE1, block[:length])), expected), length
    assert np.array_equal(decoded(jpeg_with(bare, 0xE1, block)), UPRIGHT[6](expected))
