"""WebP and BMP files of every kind that is read."""

import struct
from collections.abc import Sequence

from PIL import Image

from tests.imaging.files import exif
from tests.pictures import encode, noise

PICTURE = Image.fromarray(noise(43, 29)).resize((86, 58))
BLOCK = b"Exif\0\0" + exif(6, before=2)


def with_alpha(image: Image.Image) -> Image.Image:
    """The picture with noise for its alpha."""
    clear = image.copy()
    clear.putalpha(Image.fromarray(noise(image.width, image.height, channels=1, seed=3)))
    return clear


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def extended(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """A VP8X chunk for a canvas of this size; flags: 2 animation, 8 EXIF, 16 alpha."""
    return b"VP8X", struct.pack("<I", flags) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]


def inside_of_canvas(picture: Image.Image, left: int, top: int, flags: int, **options: object) -> bytes:
    """An animation whose one frame covers part of a canvas 20 pixels larger both ways."""
    frame = encode(picture, "WEBP", **options)[12:]
    if frame[:4] == b"VP8X":
        frame = frame[18:]
    place = struct.pack("<I", left // 2)[:3] + struct.pack("<I", top // 2)[:3]
    size = struct.pack("<I", picture.width - 1)[:3] + struct.pack("<I", picture.height - 1)[:3]
    canvas = extended(picture.width + 20, picture.height + 20, flags | 2)
    return riff(canvas, (b"ANIM", bytes(6)), (b"ANMF", place + size + bytes(4) + frame))


def webps(picture: Image.Image) -> dict[str, bytes]:
    """Lossy and lossless, with alpha and without, still and moving."""
    clear = with_alpha(picture)
    moving = {"save_all": True, "append_images": [clear.rotate(180)], "background": (1, 2, 3, 4)}
    kinds = {f"lossy-{quality}": encode(picture, "WEBP", quality=quality) for quality in (0, 50, 100)}
    return kinds | {
        "slow": encode(picture, "WEBP", method=6),
        "quick": encode(picture, "WEBP", method=0),
        "lossless": encode(picture, "WEBP", lossless=True),
        "palette": encode(picture.quantize(7).convert("RGB"), "WEBP", lossless=True),
        "alpha": encode(clear, "WEBP"),
        "coarse-alpha": encode(clear, "WEBP", alpha_quality=30),
        "lossless-alpha": encode(clear, "WEBP", lossless=True),
        "turned": encode(clear, "WEBP", exif=BLOCK),
        "animation": encode(clear, "WEBP", **moving),
        "lossless-animation": encode(clear, "WEBP", lossless=True, **moving),
        "part-of-canvas": inside_of_canvas(clear, 4, 18, flags=16),
        "part-of-black-canvas": inside_of_canvas(picture, 0, 0, flags=0, lossless=True),
        "undeclared-alpha": inside_of_canvas(clear, 20, 20, flags=0),
    }


def bmp_of(  # one argument for each fact of the header
    size: tuple[int, int],
    bits: int,
    *,
    header: int = 40,
    masks: Sequence[int] = (),
    colors: int = 0,
    palette: bytes = b"",
    start: int | None = None,
) -> bytes:
    """A BMP of noise; a negative height means top row first."""
    width, height = size
    pixels = noise((width * bits + 31) // 32 * 4, abs(height), channels=1, seed=bits).tobytes()
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, 3 if masks else 0, 0, 0, 0, colors, 0)
        info = (info + struct.pack(f"<{len(masks)}I", *masks)).ljust(header, b"\0")
    body = info + palette
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(body) if start is None else start) + body + pixels


MASKS = {
    "bgrx": (32, 0xFF0000, 0xFF00, 0xFF, 0),
    "xbgr": (32, 0xFF000000, 0xFF0000, 0xFF00, 0),
    "bgxr": (32, 0xFF000000, 0xFF00, 0xFF, 0),
    "abgr": (32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF),
    "rgba": (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    "bgra": (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000),
    "bgar": (32, 0xFF000000, 0xFF00, 0xFF, 0xFF0000),
    "no-masks": (32, 0, 0, 0, 0),
    "bgr": (24, 0xFF0000, 0xFF00, 0xFF, 0),
    "565": (16, 0xF800, 0x7E0, 0x1F, 0),
    "555": (16, 0x7C00, 0x3E0, 0x1F, 0),
}


def greys(count: int) -> bytes:
    """The palette that says no more than the indices."""
    return b"".join(bytes([level, level, level, 0]) for level in ((0, 255) if count == 2 else range(count)))


def bmps(width: int = 21, height: int = 9) -> dict[str, bytes]:
    """Every depth, header and layout, with palettes of every sort."""
    size = (width, height)
    kinds = {f"masks-{name}": bmp_of(size, bits, header=56, masks=masks) for name, (bits, *masks) in MASKS.items()}
    kinds |= {f"{bits}-bit": bmp_of(size, bits) for bits in (16, 24, 32)}
    kinds |= {f"header-{header}": bmp_of(size, 24, header=header) for header in (12, 52, 56, 64, 108, 124)}
    for bits in (1, 4, 8):
        count = 1 << bits
        colors = noise(count, 1, channels=4, seed=bits).tobytes()
        kinds[f"{bits}-bit"] = bmp_of(size, bits, palette=colors)
        kinds[f"{bits}-bit-core"] = bmp_of(size, bits, header=12, palette=colors[: 3 * count])
        kinds[f"{bits}-bit-short"] = bmp_of(size, bits, colors=count // 2 + 1, palette=colors[: 4 * (count // 2 + 1)])
        kinds[f"{bits}-bit-start-forgotten"] = bmp_of(size, bits, palette=colors, start=54)
        kinds[f"{bits}-bit-no-start"] = bmp_of(size, bits, palette=colors, start=0)
    return kinds | {
        "black-and-white": bmp_of(size, 1, palette=greys(2)),
        "grey": bmp_of(size, 8, palette=greys(256)),
        "black": bmp_of(size, 8, colors=1, palette=greys(1)),
        "two-of-8-bits": bmp_of(size, 8, colors=2, palette=greys(2)),
        "grey-of-4-bits": bmp_of((3, height), 4, palette=greys(16)),
        "top-first": bmp_of((width, -height), 24),
        "top-first-palette": bmp_of((width, -height), 4, palette=noise(16, 1, channels=4).tobytes()),
        "masks-behind-header": bmp_of(size, 16, masks=MASKS["565"][1:4]),
    }
