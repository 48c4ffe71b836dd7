"""Pictures in every form that a caller may have them in."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from inference_core.bundle.preprocess import Decode
from inference_core.client.pictures import encoded
from inference_core.errors import InvalidParameterError
from inference_core.imaging import decode_image
from tests.pictures import encode, noise, plain


def test_bytes_and_files_are_sent_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "red.jpg"
    path.write_bytes(plain((255, 0, 0), kind="JPEG"))
    assert encoded(path.read_bytes()) == encoded(path) == encoded(str(path)) == path.read_bytes()
    with pytest.raises(FileNotFoundError):
        encoded(tmp_path / "nothing.jpg")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_an_image_of_pillow_keeps_every_pixel(mode: str) -> None:
    image = Image.fromarray(noise(7, 5)).convert(mode)
    read = Image.open(io.BytesIO(encoded(image)))
    assert (read.format, read.mode) == ("PNG", mode)
    assert ImageChops.difference(read.convert("RGB"), image.convert("RGB")).getbbox() is None


def test_an_image_of_pillow_is_turned_upright_as_its_file_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = encode(Image.fromarray(noise(8, 4)), "JPEG", exif=exif)
    upright = decode_image(encoded(Image.open(io.BytesIO(file))), Decode())
    assert upright.size == (4, 8)
    assert ImageChops.difference(upright, decode_image(file, Decode())).getbbox() is None


@pytest.mark.parametrize(
    ("picture", "got"), [(Image.new("CMYK", (1, 1)), "mode CMYK"), (None, "NoneType"), ([1, 2], "list")]
)
def test_what_cannot_be_sent_is_refused(picture: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        encoded(picture)
    assert caught.value.got == got
