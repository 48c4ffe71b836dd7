"""The EXIF orientation tag, read without trusting the rest of the block."""

import struct

_ORIENTATION = 0x0112
_SHORT = 3
_PREFIX = b"Exif\x00\x00"


def read_orientation(exif: bytes) -> int:
    """Orientation 1-8 from an EXIF block, with or without its `Exif\\0\\0` prefix.

    A block that cannot be read, or holds no valid orientation, means 1 (upright): cameras write damaged blocks, and the
    pixels are still good. Only the first image directory is looked at, as the specification places the tag there.

    Source: CIPA DC-008 (Exif 2.32), TIFF 6.0 section 2.
    """
    tiff = exif.removeprefix(_PREFIX).removeprefix(_PREFIX)  # Pillow adds one to PNG blocks that have their own
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, directory + 2 + 12 * index)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
