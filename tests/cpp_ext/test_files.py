"""Every kind of JPEG, PNG, WebP and BMP, and every real photograph, decoded to the pixels of the reference."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle.preprocess import Decode, PreprocessStep, Resize, ToTensor
from tests.assets import ASSETS, needs_assets
from tests.cpp_ext.compare import PIXELS, assert_equal, by_reference, natively
from tests.cpp_ext.kinds import PICTURE, bmps, extended, riff, webps, with_alpha
from tests.imaging.files import chunk, exif, jpeg_with, png
from tests.pictures import encode, noise

PREFIX = b"Exif\0\0"


def jpegs() -> dict[str, bytes]:
    kinds = {
        f"{name}-{'progressive' if progressive else 'baseline'}": encode(
            PICTURE, "JPEG", subsampling=sampling, progressive=progressive, quality=85
        )
        for name, sampling in (("444", 0), ("422", 1), ("420", 2), ("411", "4:1:1"))
        for progressive in (False, True)
    }
    kinds["440"] = swap_sampling(kinds["422-baseline"])
    kinds["grey"] = encode(PICTURE.convert("L"), "JPEG")
    kinds["grey-progressive"] = encode(PICTURE.convert("L"), "JPEG", progressive=True)
    kinds["cmyk"] = encode(PICTURE.convert("CMYK"), "JPEG")
    kinds["ycck"] = as_ycck(kinds["cmyk"])
    kinds["restarts"] = encode(PICTURE, "JPEG", restart_marker_blocks=1)
    kinds["restart-rows"] = encode(PICTURE, "JPEG", restart_marker_rows=1)
    kinds["rgb"] = encode(PICTURE, "JPEG", keep_rgb=True)
    kinds["best"] = encode(PICTURE, "JPEG", quality=100, subsampling=0)
    kinds["worst"] = encode(PICTURE, "JPEG", quality=1)
    kinds["optimised"] = encode(PICTURE, "JPEG", optimize=True)
    return kinds


def swap_sampling(data: bytes) -> bytes:
    """4:2:2 as 4:4:0: the same blocks, which now lie above each other (of another picture, but a valid one)."""
    place = data.index(b"\xff\xc0") + 11
    assert data[place] == 0x21
    return data[:place] + b"\x12" + data[place + 1 :]


def as_ycck(data: bytes) -> bytes:
    """CMYK whose Adobe segment says that its first three components are YCC."""
    place = data.index(b"Adobe") + 11
    return data[:place] + b"\x02" + data[place + 1 :]


def pngs() -> dict[str, bytes]:
    key = {"transparency": 3}
    sixteen = np.random.default_rng(1).integers(0, 65536, (29, 43), dtype=np.uint16)
    rows16 = [row.astype(">u2").tobytes() for row in np.repeat(sixteen, 3, axis=1)]
    kinds = {mode: encode(PICTURE.convert(mode), "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA")}
    kinds["16-bit-grey"] = encode(Image.fromarray(sixteen), "PNG")
    kinds["16-bit-rgb"] = png(43, rows16, depth=16)
    kinds["16-bit-rgba"] = png(43, [r + r[: 43 * 2] for r in rows16], depth=16, color=6)
    kinds["16-bit-grey-alpha"] = png(43, [r[: 43 * 4] for r in rows16], depth=16, color=4)
    kinds["palette-key"] = encode(PICTURE.convert("P"), "PNG", **key)
    kinds["palette-alpha"] = encode(PICTURE.convert("P"), "PNG", transparency=bytes(range(256)))
    kinds["grey-key"] = encode(PICTURE.convert("L"), "PNG", **key)
    kinds["rgb-key"] = encode(PICTURE, "PNG", transparency=PICTURE.getpixel((5, 5)))
    for depth in (1, 2, 4):
        width = 21
        rows = [bytes((17 * y + 29 * x) % 256 for x in range((width * depth + 7) // 8)) for y in range(9)]
        kinds[f"{depth}-bit-grey"] = png(width, rows, depth=depth, color=0)
        kinds[f"{depth}-bit-grey-key"] = png(width, rows, depth=depth, color=0, extra=chunk(b"tRNS", b"\0\1"))
        colors = chunk(b"PLTE", bytes(range(3 << depth)))
        kinds[f"{depth}-bit-palette"] = png(width, rows, depth=depth, color=3, extra=colors)
        kinds[f"{depth}-bit-short-palette"] = png(width, rows, depth=depth, color=3, extra=chunk(b"PLTE", b"abc"))
    kinds["no-palette"] = png(2, [b"\1\xff"], color=3)
    kinds["late-exif"] = png(2, [b"abcdef"], late=chunk(b"eXIf", exif(6)))
    kinds["two-exifs"] = png(2, [b"abcdef"], extra=chunk(b"eXIf", exif(3)), late=chunk(b"eXIf", exif(6)))
    kinds["comments"] = png(2, [b"abcdef"], extra=chunk(b"tEXt", b"transparency\0x") + chunk(b"iCCP", b"broken"))
    return kinds


INTERLACE = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def interlaced(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], color: int) -> bytes:
    """Adam7, each row with another filter byte where that needs no arithmetic (none, and up on a first row)."""
    body = b""
    for left, top, across, down in INTERLACE:
        part = pixels[top::down, left::across]
        if part.size:
            body += b"".join(b"\0" + row.tobytes() for row in part)
    height, width = pixels.shape[:2]
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, color, 0, 0, 1])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


JPEGS = jpegs()
PNGS = pngs()
WEBPS = webps(PICTURE)
BMPS = bmps()


@pytest.mark.parametrize("color", ["RGB", "BGR", "GRAY"])
@pytest.mark.parametrize("name", JPEGS)
def test_every_kind_of_jpeg(name: str, color: str) -> None:
    steps: list[PreprocessStep] = [Decode.model_validate({"color": color}), PIXELS[1]]
    expected = by_reference(JPEGS[name], steps)
    assert expected.name == "picture"
    assert_equal(expected, natively(JPEGS[name], steps))


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 7, 8, 11, 58])
@pytest.mark.parametrize("name", JPEGS)
def test_every_kind_of_jpeg_scaled(name: str, scale: int) -> None:
    size = {"width": max(1, 86 // scale), "height": max(1, 58 // scale)}
    steps: list[PreprocessStep] = [Decode(mode="scaled"), Resize.model_validate(size), ToTensor()]
    assert_equal(by_reference(JPEGS[name], steps), natively(JPEGS[name], steps))


@pytest.mark.parametrize("color", ["RGB", "GRAY"])
@pytest.mark.parametrize("name", PNGS)
def test_every_kind_of_png(name: str, color: str) -> None:
    steps: list[PreprocessStep] = [Decode.model_validate({"color": color}), PIXELS[1]]
    expected = by_reference(PNGS[name], steps)
    assert expected.name == "picture"
    assert_equal(expected, natively(PNGS[name], steps))


@pytest.mark.parametrize("color", ["RGB", "BGR", "GRAY"])
@pytest.mark.parametrize("data", [pytest.param(d, id=n) for n, d in {**WEBPS, **BMPS}.items()])
def test_every_kind_of_webp_and_bmp(data: bytes, color: str) -> None:
    steps: list[PreprocessStep] = [Decode.model_validate({"color": color}), PIXELS[1]]
    expected = by_reference(data, steps)
    assert expected.name == "picture"
    assert_equal(expected, natively(data, steps))


@pytest.mark.parametrize("quality", range(0, 101, 10))
def test_webp_of_every_quality_and_shape(quality: int) -> None:
    """The reference's libwebp and the system's are of different versions: their pixels must not differ."""
    for width, height in ((1, 1), (2, 3), (16, 16), (17, 33), (200, 5)):
        image = PICTURE.resize((width, height))
        for data in (
            encode(image, "WEBP", quality=quality),
            encode(with_alpha(image), "WEBP", quality=quality, alpha_quality=quality),
            encode(image, "WEBP", quality=quality, lossless=True),
        ):
            assert_equal(by_reference(data), natively(data))


@pytest.mark.parametrize(("channels", "color"), [(1, 0), (3, 2), (4, 6)])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (5, 5), (8, 8), (17, 23), (64, 9)])
def test_interlaced_png(width: int, height: int, channels: int, color: int) -> None:
    data = interlaced(noise(width, height, channels=channels), color)
    expected = by_reference(data)
    assert expected.name == "picture"
    assert_equal(expected, natively(data))


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("upright", [True, False])
def test_orientation(orientation: int, upright: bool) -> None:
    steps: list[PreprocessStep] = [Decode(exif=upright), PIXELS[1]]
    for order in "<>":
        block = PREFIX + exif(orientation, order=order)
        for kind in ("JPEG", "PNG", "WEBP"):
            data = encode(PICTURE, kind, exif=block)
            assert_equal(by_reference(data, steps), natively(data, steps))


@pytest.mark.parametrize(
    "block",
    [b"", b"Exif", PREFIX, PREFIX + b"II*\0", PREFIX + b"XX*\0" + exif(6)[4:], PREFIX * 2 + exif(6), exif(6)[:-9]],
)
def test_damaged_exif_means_upright(block: bytes) -> None:
    still = WEBPS["lossy-50"][12:]
    body = (still[:4], still[8:])
    for data in (
        jpeg_with(JPEGS["grey"], 0xE1, block),
        png(2, [b"abcdef"], extra=chunk(b"eXIf", block)),
        riff(extended(*PICTURE.size, flags=8), body, (b"EXIF", block)),
        riff(extended(*PICTURE.size, flags=8), body, (b"EXIF", block), (b"EXIF", exif(3))),
    ):
        assert_equal(by_reference(data), natively(data))


def test_exif_in_two_segments() -> None:
    block = exif(6, before=3)
    data = jpeg_with(jpeg_with(JPEGS["grey"], 0xE1, PREFIX + block[20:]), 0xE1, PREFIX + block[:20])
    expected = by_reference(data)
    assert expected.prepared is not None
    assert expected.prepared.tensor.shape == (1, 86, 58, 3)
    assert_equal(expected, natively(data))


def photos() -> list[Path]:
    found = [p for p in (ASSETS / "images").rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    return sorted(found)


@needs_assets
@pytest.mark.parametrize("path", photos(), ids=lambda path: path.name)
def test_real_photographs(path: Path) -> None:
    data = path.read_bytes()
    assert_equal(by_reference(data, max_pixels=10**8), natively(data, max_pixels=10**8, threads=2))
    steps: list[PreprocessStep] = [
        Decode(mode="scaled"),
        Resize(width=224, height=224, resample="bicubic"),
        ToTensor(scale=1 / 255),
    ]
    assert_equal(by_reference(data, steps, 10**8), natively(data, steps, 10**8, threads=2))
