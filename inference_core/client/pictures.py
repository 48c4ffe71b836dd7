"""Pictures in the forms that a caller may have them in."""

import io
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Union

from inference_core.errors import InvalidParameterError

if TYPE_CHECKING:
    from PIL import Image

Picture = Union[bytes, str, "PathLike[str]", "Image.Image"]
"""An encoded picture, the path of one, or one of Pillow's, which is sent as PNG."""


def encoded(picture: Picture) -> bytes:
    """The picture as a file.

    Raises:
        OSError: the file cannot be read.
        InvalidParameterError: it is none of these, or a picture of Pillow in a mode that PNG has not.
    """
    match picture:
        case bytes():
            return picture
        case str() | PathLike():
            return Path(picture).read_bytes()
    from PIL import Image

    if not isinstance(picture, Image.Image):
        raise InvalidParameterError(
            "this is no picture", got=type(picture).__name__, expected="bytes, a path, or an image of Pillow"
        )
    return _png(picture)


def _png(image: "Image.Image") -> bytes:
    """With its EXIF data, so that it is turned upright just as its file would be."""
    stream, exif = io.BytesIO(), image.getexif()
    try:
        image.save(stream, "PNG", **({"exif": exif} if exif else {}))
    except OSError as error:
        raise InvalidParameterError(
            "the image cannot be sent as PNG", got=f"mode {image.mode}", remedy='convert it: image.convert("RGB")'
        ) from error
    return stream.getvalue()
