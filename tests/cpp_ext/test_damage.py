"""Damaged and hostile files: natively a picture or an error just where the reference has one, and never a crash."""

import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_core.bundle.preprocess import Decode, PreprocessStep, Resize, ToTensor
from inference_core.imaging.decode import MAX_SCANS
from tests.cpp_ext.compare import PIXELS, Outcome, assert_equal, by_reference, natively
from tests.cpp_ext.kinds import bmp_of, bmps, extended, riff, webps
from tests.cpp_ext.test_files import interlaced
from tests.imaging.files import chunk, exif, png
from tests.pictures import encode, noise

PICTURE = Image.fromarray(noise(19, 13))
BLOCK = b"Exif\0\0" + exif(6, before=2)
SMALL = {
    "jpeg": encode(PICTURE, "JPEG", exif=BLOCK),
    "progressive": encode(PICTURE, "JPEG", progressive=True),
    "grey-jpeg": encode(PICTURE.convert("L"), "JPEG"),
    "cmyk": encode(PICTURE.convert("CMYK"), "JPEG"),
    "restarts": encode(PICTURE, "JPEG", restart_marker_blocks=1),
    "png": encode(PICTURE.convert("RGBA"), "PNG", exif=BLOCK),
    "bilevel": encode(PICTURE.convert("1"), "PNG"),
    "palette": png(3, [b"\0\1\2"], color=3, extra=chunk(b"PLTE", bytes(range(9))) + chunk(b"tRNS", b"\x80\x40")),
    "16-bit": png(2, [b"abcdefghijkl"], depth=16, extra=chunk(b"tRNS", b"abcdef")),
    "interlaced": interlaced(noise(11, 9), 2),
}
KINDS = ("lossy-50", "lossless", "palette", "alpha", "coarse-alpha", "turned", "animation", "part-of-canvas")
SMALL |= {f"webp-{name}": data for name, data in webps(PICTURE).items() if name in KINDS}
KINDS = ("1-bit", "4-bit", "8-bit-core", "masks-565", "24-bit", "masks-bgra", "grey", "top-first")
SMALL |= {f"bmp-{name}": data for name, data in bmps(7, 5).items() if name in KINDS}
SMALL["bmp-run-length"] = bmp_of((7, 5), 8, palette=bytes(1024)).replace(b"\x08\0" + bytes(4), b"\x08\0\1\0\0\0", 1)
CAP = 100_000


def assert_same_outcome(data: bytes) -> None:
    """Errors of one kind; and pictures of one size, whose pixels are equal unless a progressive scan is incomplete."""
    expected, got = by_reference(data, max_pixels=CAP), natively(data, max_pixels=CAP)
    assert got.name == expected.name, (expected.error, got.error)
    if expected.prepared is not None and b"\xff\xc2" not in data[:1000]:
        # How what is missing of a progressive picture is smoothed over differs between versions of libjpeg-turbo.
        assert_equal(expected, got)


def message(outcome: Outcome) -> tuple[str, str | None, str | None]:
    assert outcome.error is not None
    return outcome.error.message, outcome.error.expected, outcome.error.remedy


@pytest.mark.parametrize("name", SMALL)
def test_cut_at_every_byte(name: str) -> None:
    for length in range(len(SMALL[name]) + 1):
        assert_same_outcome(SMALL[name][:length])


@pytest.mark.parametrize("name", SMALL)
def test_every_bit_of_the_header_flipped(name: str) -> None:
    for position in range(min(len(SMALL[name]), 200)):
        for bit in (0, 3, 7):
            data = bytearray(SMALL[name])
            data[position] ^= 1 << bit
            assert_same_outcome(bytes(data))
            assert_same_outcome(with_right_sums(data))


def with_right_sums(data: bytearray) -> bytes:
    """The PNG with the checksums that its chunks should have, so that damage reaches what reads them."""
    place = 8
    while data[:4] == b"\x89PNG" and place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        if place + 12 + length > len(data):
            break
        struct.pack_into(">I", data, place + 8 + length, zlib.crc32(data[place + 4 : place + 8 + length]))
        place += 12 + length
    return bytes(data)


@pytest.mark.parametrize("name", SMALL)
@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_bytes_at_random_places(name: str, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(SMALL[name])
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] = chance.choice([0, 255, chance.randrange(256)])
    assert_same_outcome(bytes(data))
    assert_same_outcome(with_right_sums(data))


@settings(max_examples=200, deadline=None)
@given(
    tail=st.binary(max_size=200),
    start=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"", b"RIFF____WEBPVP8", b"BM"]),
)
def test_noise_behind_a_signature(start: bytes, tail: bytes) -> None:
    expected = by_reference(start + tail, max_pixels=CAP)
    assert natively(start + tail, max_pixels=CAP).name == expected.name


def jpeg_of(width: int, height: int) -> bytes:
    data = SMALL["jpeg"]
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def png_of(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    """A canvas that the frame does not fill, unless it is of the size of PICTURE."""
    still = SMALL["webp-lossy-50"]
    return riff(extended(width, height), (still[12:16], still[20:]))


def webp_frame_of(width: int, height: int) -> bytes:
    data = SMALL["webp-lossy-50"]
    return data[:26] + struct.pack("<HH", width, height) + data[30:]


def bmp_of_size(width: int, height: int) -> bytes:
    data = bmp_of((19, 13), 24)
    return data[:18] + struct.pack("<II", width % 2**32, height % 2**32) + data[26:]


@pytest.mark.parametrize(
    "data",
    [
        *(webp_of(w, h) for w, h in ((2**24, 2**24), (2**24, 1), (16384, 16384), (1, 1))),
        *(webp_frame_of(w, h) for w, h in ((16383, 16383), (0, 0), (0, 5), (16383, 1), (65535, 65535))),
        *(bmp_of_size(w, h) for w, h in ((2**32 - 1, 2**31), (2**31, 1), (1, 2**31), (5, -(2**24)))),
        *(bmp_of_size(w, h) for w, h in ((0, 5), (5, 0), (5, -(2**24) - 1), (2**27, 1), (50_000_000, 1))),
        jpeg_of(65535, 65535),
        jpeg_of(0, 65535),
        jpeg_of(65535, 0),
        png_of(2**31 - 1, 2**31 - 1),
        png_of(2**32 - 1, 2**32 - 1, 16, 6),
        png_of(2**32 - 1, 1, 16, 6),
        png_of(1, 2**32 - 1),
        png_of(0, 5),
        png_of(2**31, 2),
    ],
)
def test_sizes_that_overflow(data: bytes) -> None:
    expected, got = by_reference(data), natively(data)
    assert got.name == expected.name
    assert message(got) == message(expected)


@pytest.mark.parametrize("make", [jpeg_of, png_of, webp_of, webp_frame_of, bmp_of_size])
def test_the_cap_is_exact_and_comes_before_decoding(make: object) -> None:
    assert callable(make)
    data = make(19, 13)
    assert natively(data, max_pixels=19 * 13).name == by_reference(data, max_pixels=19 * 13).name != "TooLargeError"
    expected, got = by_reference(data, max_pixels=19 * 13 - 1), natively(data, max_pixels=19 * 13 - 1)
    assert got.name == "TooLargeError"
    assert got.error is not None
    assert expected.error is not None
    assert got.error.body() == expected.error.body()


def with_scans(count: int) -> bytes:
    """A progressive JPEG with its last scan repeated."""
    data = SMALL["progressive"]
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * (count - data.count(b"\xff\xda")) + data[-2:]


def test_more_scans_than_any_picture_needs_are_refused() -> None:
    for count, name in ((MAX_SCANS, "picture"), (MAX_SCANS + 1, "InvalidImageError")):
        data = with_scans(count)
        assert by_reference(data).name == natively(data).name == name


def test_a_stream_that_ends_between_rows_leaves_black() -> None:
    rows = b"".join(b"\0" + bytes(range(9)) for _ in range(2))
    for depth, color in ((8, 2), (8, 0), (8, 3)):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 3 if color == 2 else 9, 4, depth, color, 0, 0, 0))
        data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"PLTE", bytes(range(30, 60)))
        data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        assert_equal(by_reference(data), natively(data))


def test_pixels_spread_over_many_chunks() -> None:
    data = encode(PICTURE, "PNG")
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack_from(">I", data, start - 8)
    body, rest = data[start : start + length], data[start + length + 4 :]
    for size in (1, 7, 100):
        parts = [body[i : i + size] for i in range(0, length, size)]
        spread = data[: start - 8] + chunk(b"IDAT", b"") + b"".join(chunk(b"IDAT", part) for part in parts) + rest
        assert by_reference(spread).name == "picture"
        assert_equal(by_reference(spread), natively(spread))
        between = data[: start - 8] + b"".join(chunk(b"IDAT", p) + chunk(b"tEXt", b"a\0b") for p in parts) + rest
        assert_equal(by_reference(between), natively(between))


def test_a_damaged_file_says_what_the_reference_says() -> None:
    for name in SMALL:
        data = SMALL[name][: len(SMALL[name]) // 2]
        assert message(natively(data)) == message(by_reference(data))


def test_scaled_decoding_of_damaged_files() -> None:
    steps: list[PreprocessStep] = [Decode(mode="scaled"), Resize(width=4, height=3), ToTensor()]
    data = encode(noise(64, 48), "JPEG")
    for length in range(0, len(data), 7):
        assert natively(data[:length], steps).name == by_reference(data[:length], steps).name


def test_lossless_jpeg_and_run_length_bmp_are_left_to_the_reference() -> None:
    import satchel_imaging

    pipeline = satchel_imaging.Pipeline([step.model_dump() for step in PIXELS], max_pixels=CAP)
    data = SMALL["grey-jpeg"].replace(b"\xff\xc0", b"\xff\xc3")
    for left in (data, SMALL["bmp-run-length"]):
        with pytest.raises(satchel_imaging.ImagingError) as caught:
            pipeline.run(left)
        assert caught.value.code == "not_native"


def test_noise_alone_never_passes() -> None:
    chance = np.random.default_rng(0)
    for _ in range(200):
        data = chance.integers(0, 256, 64, dtype=np.uint8).tobytes()
        assert natively(data).name == by_reference(data).name
