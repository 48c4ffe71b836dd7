"""PNG files cut down to the chunks that decide pixels, before Pillow reads them.

Left to itself Pillow keeps comments beside its own facts, so that one named `transparency` or `exif` breaks the
picture; refuses a good picture for a damaged colour profile; warns of odd animations; and compares colour keys of 2, 4
and 16-bit samples with levels that it has already brought to 8 bits.
"""

import struct
import zlib

_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")
_KEYED = (0, 2)  # colour types whose tRNS is one sample value: grey, RGB


def essential_chunks(data: bytes) -> bytes:
    """The PNG file without other chunks, and with its colour key in 8 bits; a cut chunk at the end stays cut."""
    view, parts, place, header = memoryview(data), [data[:8]], 8, b""
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunk = bytes(view[place : place + 12 + length])
        if kind == b"IHDR":
            header = chunk[8:18]
        if kind in _KEPT:
            parts.append(_eight_bit_key(chunk, header) if kind == b"tRNS" else chunk)
        place += 12 + length
    return b"".join([*parts, data[place:]])


def _eight_bit_key(chunk: bytes, header: bytes) -> bytes:
    """The tRNS chunk with its samples converted as those of the pixels are; as it is where it is damaged."""
    depth, color = header[8:9], header[9:10]
    body, crc = chunk[4:-4], chunk[-4:]
    if not color or color[0] not in _KEYED or len(chunk) % 2 or zlib.crc32(body).to_bytes(4) != crc:
        return chunk
    levels = [_to_eight_bits(level, depth[0]) for (level,) in struct.iter_unpack(">H", body[4:])]
    body = body[:4] + struct.pack(f">{len(levels)}H", *levels)
    return chunk[:4] + body + zlib.crc32(body).to_bytes(4)


def _to_eight_bits(level: int, depth: int) -> int:
    match depth:
        case 2:
            return (level & 3) * 85
        case 4:
            return (level & 15) * 17
        case 16:
            return level >> 8
        case _:
            return level
