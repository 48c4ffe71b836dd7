"""Property: whatever the chain and the picture, the native path gives the bits of the reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inference_core.bundle.preprocess import (
    Crop,
    Decode,
    Letterbox,
    PreprocessStep,
    Resize,
    ResizeShort,
    ToTensor,
)
from tests.cpp_ext.chains import chains
from tests.cpp_ext.compare import assert_equal, by_reference, natively, usable_levels
from tests.cpp_ext.kinds import with_alpha
from tests.imaging.files import exif
from tests.pictures import encode, noise

SIDE = st.integers(1, 90) | st.sampled_from([1, 2, 16, 257])
PREFIX = b"Exif\0\0"


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A picture of noise, in grey or colour, with or without an orientation."""
    pixels = noise(draw(SIDE), draw(SIDE), channels=draw(st.sampled_from([1, 3])), seed=draw(st.integers(0, 9)))
    options: dict[str, object] = {"exif": PREFIX + exif(draw(st.integers(1, 8)))}
    kind = draw(st.sampled_from(["PNG", "JPEG", "WEBP", "BMP"]))
    if kind == "JPEG":
        options |= {"quality": draw(st.sampled_from([30, 75, 95])), "subsampling": draw(st.sampled_from([0, 1, 2]))}
    if kind == "WEBP":
        options |= {"quality": draw(st.sampled_from([0, 75, 100])), "lossless": draw(st.booleans())}
        if draw(st.booleans()):
            return encode(with_alpha(Image.fromarray(pixels)), kind, **options)
    return encode(pixels, kind, **options)


@settings(max_examples=400, deadline=None)
@given(data=files(), steps=chains(), threads=st.sampled_from([1, 2, 3]))
def test_any_chain_on_any_picture(data: bytes, steps: list[PreprocessStep], threads: int) -> None:
    expected = by_reference(data, steps)
    for level in usable_levels():
        assert_equal(expected, natively(data, steps, threads=threads, level=level))


LARGE: dict[str, list[PreprocessStep]] = {
    "torchvision": [Decode(), ResizeShort(length=256), Crop(width=224, height=224), ToTensor(scale=1 / 255)],
    "yolox": [Decode(color="BGR"), Letterbox(width=416, height=416, antialias=False), ToTensor()],
    "lanczos": [Decode(), Resize(width=301, height=77, resample="lanczos"), ToTensor(layout="NHWC")],
    "enlarged": [Decode(), Resize(width=1500, height=1100, resample="bicubic"), ToTensor(dtype="float16")],
    "grey": [Decode(color="GRAY"), Resize(width=100, height=100, resample="box"), ToTensor(dtype="uint8")],
    "tall": [Decode(), Resize(width=600, height=40), ToTensor(dtype="uint8")],  # Pillow's vertical pass comes first
}


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("mode", ["exact", "scaled"])
@pytest.mark.parametrize("name", LARGE)
def test_pictures_of_many_strips(name: str, mode: str, orientation: int) -> None:
    image = Image.fromarray(noise(97, 61)).resize((997, 641))
    data = encode(image, "JPEG", exif=PREFIX + exif(orientation))
    first, *rest = LARGE[name]
    steps: list[PreprocessStep] = [first.model_copy(update={"mode": mode}), *rest]
    expected = by_reference(data, steps)
    for level in usable_levels():
        for threads in (1, 2, 4):
            assert_equal(expected, natively(data, steps, threads=threads, level=level))


def test_weights_of_hundreds_of_taps() -> None:
    """More rows than the vector kernels keep weights for."""
    data = encode(noise(40, 3000), "PNG")
    for resample in ("box", "bilinear", "lanczos"):
        steps: list[PreprocessStep] = [Decode(), Resize(width=39, height=3, resample=resample), ToTensor(dtype="uint8")]
        for level in usable_levels():
            assert_equal(by_reference(data, steps), natively(data, steps, level=level))


def test_extreme_levels_do_not_overflow() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[::2, ::3] = 255
    pixels[32:] = 255
    data = encode(pixels, "PNG")
    for resample in ("bicubic", "lanczos"):
        for size in (7, 33, 200):
            steps: list[PreprocessStep] = [
                Decode(),
                Resize(width=size, height=size, resample=resample),
                ToTensor(dtype="uint8"),
            ]
            for level in usable_levels():
                assert_equal(by_reference(data, steps), natively(data, steps, level=level))


@pytest.mark.parametrize(("width", "height"), [(1, 16384), (16384, 1)])
def test_a_shape_too_extreme_is_refused_like_the_reference(width: int, height: int) -> None:
    steps: list[PreprocessStep] = [Decode(), ResizeShort(length=16384), ToTensor()]
    data = encode(noise(width, height), "PNG")
    expected, got = by_reference(data, steps), natively(data, steps)
    assert_equal(expected, got)
    assert expected.error is not None
    assert got.error is not None
    assert got.error.body() == expected.error.body()
