"""Colours: every conversion that the manifest's decode step writes down, exactly."""

import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle.preprocess import Decode
from inference_core.errors import BadRequestError, UnsupportedMediaError
from inference_core.imaging.decode import decode_image, sniff_format
from tests.imaging.files import bmp, chunk, decoded, png
from tests.pictures import encode, noise, plain

LEVELS = np.arange(65536, dtype=np.uint32)
FIRST, SECOND = LEVELS >> 8, LEVELS & 255
"""Every pair of two levels, as 256 x 256 pixels."""


def square(*planes: np.ndarray) -> np.ndarray:
    return np.stack(planes, axis=-1).astype(np.uint8).reshape(256, 256, len(planes))


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("WEBP", "WebP"), ("BMP", "BMP")])
def test_a_format_is_known_by_its_first_bytes(kind: str, name: str) -> None:
    assert sniff_format(plain((1, 2, 3), kind=kind)) == name


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8",
        b"\x89PNG\r\n\x1a",
        b"RIFF\0\0\0\0WEB",
        b"RIFF\0\0\0\0WAVE",
        b"B",
        b"WEBP",
        b" BM",
        b"\xff\xd8\0\xff",
    ],
)
def test_a_near_miss_is_no_format(data: bytes) -> None:
    assert sniff_format(data) is None


@pytest.mark.parametrize("data", [plain((1, 2, 3), kind="GIF"), plain((1, 2, 3), kind="TIFF"), b"%PDF-1.7\n", b"hello"])
def test_other_formats_are_refused_as_unsupported_media(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaError) as caught:
        decoded(data)
    assert (caught.value.status, caught.value.expected) == (415, "JPEG, PNG, WebP or BMP")
    assert caught.value.got == f"bytes that begin with {data[:8].hex(' ')}"


def test_no_bytes_are_a_bad_request() -> None:
    with pytest.raises(BadRequestError) as caught:
        decoded(b"")
    assert (caught.value.status, caught.value.got) == (400, "0 bytes")


def test_sixteen_bit_grey_is_shifted_right_by_eight() -> None:
    levels = LEVELS.astype(np.uint16).reshape(256, 256)
    expected = np.repeat((levels >> 8).astype(np.uint8)[..., None], 3, axis=2)
    assert np.array_equal(decoded(encode(Image.fromarray(levels))), expected)


def test_sixteen_bit_colour_is_shifted_right_by_eight() -> None:
    row = struct.pack(">6H", 0x00FF, 0x0100, 0x01FF, 0xFFFF, 0x80FF, 0x7F80)
    assert decoded(png(2, [row], depth=16)).tolist() == [[[0, 1, 1], [255, 128, 127]]]


@pytest.mark.parametrize("color", [4, 6])
def test_sixteen_bit_alpha_is_shifted_before_it_is_composited(color: int) -> None:
    levels = struct.pack(">H", 0x10FF) * (1 if color == 4 else 3)
    # 255 - round(0x80 * (255 - 0x10) / 255) = 255 - round(119.97)
    assert decoded(png(1, [levels + b"\x80\xff"], depth=16, color=color)).tolist() == [[[135, 135, 135]]]


def test_alpha_is_composited_over_white_with_exact_rounding() -> None:
    alpha, value = FIRST, SECOND
    expected = 255 - (2 * alpha * (255 - value) + 255) // 510  # round to nearest in whole numbers; no half occurs
    got = decoded(encode(square(value, 255 - value, value, alpha)))
    assert np.array_equal(got[..., 0].ravel(), expected)
    assert np.array_equal(got[..., 2].ravel(), expected)
    mirrored = 255 - (2 * alpha * value + 255) // 510
    assert np.array_equal(got[..., 1].ravel(), mirrored)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_grey_and_lossless_colour_with_alpha_agree(kind: str) -> None:
    grey = noise(7, 5, channels=2)
    expected = 255 - (2 * grey[..., 1].astype(int) * (255 - grey[..., 0]) + 255) // 510
    color = np.concatenate([np.repeat(grey[..., :1], 3, axis=2), grey[..., 1:]], axis=2)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    for data in (encode(Image.fromarray(grey)), encode(color, kind, **options)):
        assert np.array_equal(decoded(data), np.repeat(expected[..., None], 3, axis=2))


PALETTE = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 0, 7, 8, 9]))


@pytest.mark.parametrize(
    ("transparency", "expected"),
    [
        (b"", [[10, 20, 30], [200, 100, 0], [7, 8, 9]]),
        (chunk(b"tRNS", b"\xff\x00"), [[10, 20, 30], [255, 255, 255], [7, 8, 9]]),
        (chunk(b"tRNS", b"\x00\x80\x40"), [[255, 255, 255], [227, 177, 127], [193, 193, 193]]),
    ],
)
def test_a_palette_is_expanded_with_its_transparency(transparency: bytes, expected: list[list[int]]) -> None:
    assert decoded(png(3, [b"\0\1\2"], color=3, extra=PALETTE + transparency)).tolist() == [expected]


def test_one_bit_is_black_and_white() -> None:
    assert decoded(png(3, [b"\xa0"], depth=1, color=0))[..., 0].tolist() == [[255, 0, 255]]


def test_cmyk_is_converted_as_written_down() -> None:
    """Blocks of one colour survive JPEG at quality 100, so the rule shows exactly."""
    ink, black = np.meshgrid(np.arange(0, 256, 5), np.arange(0, 256, 5))
    planes = np.stack([ink, 255 - ink, ink, black], axis=-1).astype(np.uint8)
    blocks = planes.repeat(8, axis=0).repeat(8, axis=1)
    got = decoded(encode(Image.fromarray(blocks, "CMYK"), "JPEG", quality=100))[::8, ::8]
    light = 255 - black
    expected = [light - (2 * c * light + 255) // 510 for c in (ink, 255 - ink, ink)]
    assert np.array_equal(got, np.stack(expected, axis=-1))


def test_ycck_is_cmyk_behind_a_luma_transform() -> None:
    """Stored inverted, as Adobe does: (245, 55, 225, 215), now taken as luma, two chromas and black."""
    data = encode(Image.new("CMYK", (16, 16), (10, 200, 30, 40)), "JPEG", quality=100)
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    ycck = data[:place] + b"\2" + data[place + 1 :]
    # R, G, B = 381 -> 255, 200.85, 115.64; so CMYK = 255, 201, 116, 40, and 215 - round(c * 215 / 255)
    assert decoded(ycck)[3, 3].tolist() == [0, 46, 117]
    assert decoded(data)[3, 3].tolist() == [207, 46, 190]


def test_grey_and_progressive_jpegs_are_read() -> None:
    grey = np.arange(0, 256, 17, dtype=np.uint8).repeat(8)[None].repeat(8, axis=0)
    assert np.array_equal(decoded(encode(grey, "JPEG", quality=100)), np.repeat(grey[..., None], 3, axis=2))
    picture = noise(40, 30)
    whole = decoded(encode(picture, "JPEG"))
    assert np.array_equal(whole, decoded(encode(picture, "JPEG", progressive=True)))


def test_grey_is_itu_601_luma_of_the_colours() -> None:
    picture = noise(50, 40)
    red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
    expected = (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16
    assert np.array_equal(decoded(encode(picture), color="GRAY"), expected)


def test_bgr_leaves_the_swap_to_the_tensor_step() -> None:
    assert decoded(plain((1, 2, 3)), color="BGR")[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_used(kind: str) -> None:
    first, second = (Image.new("RGB", (6, 4), c) for c in ((255, 0, 0), (0, 0, 255)))
    data = encode(first, kind, save_all=True, append_images=[second], lossless=True)
    assert np.array_equal(decoded(data), np.asarray(first))


def test_of_a_multi_picture_jpeg_the_first_picture_is_used() -> None:
    first, second = Image.new("RGB", (16, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    data = encode(first, "MPO", save_all=True, append_images=[second], quality=100)
    assert np.array_equal(decoded(data), decoded(encode(first, "JPEG", quality=100)))


BLACK_RED = bytes([0, 0, 0, 0, 0, 0, 255, 0])


@pytest.mark.parametrize(
    "data",
    [
        bmp(1, 2, bytes([0, 0, 255, 9, 0, 0, 0, 9])),  # bottom row first
        bmp(1, -2, bytes([0, 0, 0, 9, 0, 0, 255, 9])),
        bmp(1, 2, bytes([0, 0, 255, 9, 0, 0, 0, 9]), bits=32),  # the fourth byte is no alpha
        bmp(1, 2, bytes([1, 9, 9, 9, 0, 9, 9, 9]), bits=8, palette=BLACK_RED),
        bmp(1, -2, bytes([0x0F, 9, 9, 9, 0x1F, 9, 9, 9]), bits=4, palette=BLACK_RED),
        bmp(1, 2, bytes([0x80, 0, 0, 0, 0, 0, 0, 0]), bits=1, palette=BLACK_RED),
        bmp(1, 2, bytes([0, 0x7C, 9, 9, 0, 0, 9, 9]), bits=16),
    ],
    ids=["24", "24-top-down", "32", "8", "4-top-down", "1", "16"],
)
def test_every_kind_of_bmp_gives_the_same_picture(data: bytes) -> None:
    assert decoded(data).tolist() == [[[0, 0, 0]], [[255, 0, 0]]]


@pytest.mark.parametrize(("compression", "bits"), [(1, 8), (2, 4)])
def test_run_length_compressed_bmp_is_refused(compression: int, bits: int) -> None:
    data = bmp(1, 2, bytes([1, 1, 0, 0, 1, 0, 0, 1]), bits=bits, compression=compression, palette=BLACK_RED)
    with pytest.raises(UnsupportedMediaError) as caught:
        decode_image(data, Decode())
    assert (caught.value.message, caught.value.remedy) == ("the BMP file is run-length compressed", "save it as PNG")


def test_compositing_a_large_picture_takes_little_more_memory_than_its_pixels() -> None:
    data = encode(Image.new("RGBA", (2000, 2000), (9, 9, 9, 128)))
    tracemalloc.start()
    try:
        image = decode_image(data, Decode())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert image.getpixel((1999, 1999)) == (132, 132, 132)  # 255 - round(128 * 246 / 255)
    assert peak < 3 * 2000 * 2000 * 4  # in 32-bit numbers at once it would be ten times the pixels
