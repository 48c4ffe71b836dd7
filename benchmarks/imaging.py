"""Bytes to tensor: the native path, the reference, and others doing the same or less, side by side in one run."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.timing import Spread, take_turns
from inference_core.bundle.preprocess import Crop, Decode, PreprocessStep, ResizeShort, ToTensor
from inference_core.cpu import available_cpus
from inference_core.imaging import Preprocessor, imaging_paths
from inference_core.imaging.native import NativePath

_SIZES = ((640, 480), (1280, 720), (1920, 1080), (4000, 3000))
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
_MAX_PIXELS = 10**8


def measure(picture: Path | None, rounds: int) -> None:
    """Prints a table for one picture at several sizes, as JPEG (quality 90, 4:2:0) and as PNG.

    Args:
        picture: a photograph; None for a made-up one, which compresses like a photograph.
    """
    original = Image.open(picture).convert("RGB") if picture else _landscape()
    print(f"\nbytes to a 224 x 224 float32 tensor, milliseconds: median (p10 to p90); {imaging_paths()}")
    for width, height in _SIZES:
        image = original.resize((width, height), Image.Resampling.BICUBIC)
        for kind, options in (("JPEG", {"quality": 90, "subsampling": 2}), ("PNG", {"compress_level": 6})):
            stream = io.BytesIO()
            image.save(stream, kind, **options)
            data = stream.getvalue()
            few = max(5, rounds // max(1, width * height // 500_000))
            turns = take_turns(_contenders(data, kind), few)
            print(f"  {width} x {height} {kind}, {len(data) // 1000} kB, {few} rounds")
            _show(turns)


def _show(turns: dict[str, Spread]) -> None:
    floor = next(iter(turns.values())).median
    for name, spread in turns.items():
        print(f"    {name:44} {spread}   x{spread.median / floor:.2f}")


def _chain(mode: str = "exact") -> list[PreprocessStep]:
    decode = Decode.model_validate({"mode": mode})
    crop = Crop(width=224, height=224)
    return [decode, ResizeShort(length=256), crop, ToTensor(scale=1 / 255, mean=_MEAN, std=_STD)]


def _contenders(data: bytes, kind: str) -> dict[str, Callable[[], object]]:
    """The first one is the floor that the others are compared with."""
    cpus = available_cpus()
    contenders: dict[str, Callable[[], object]] = {}
    library = "libjpeg-turbo" if kind == "JPEG" else "zlib and filters"
    contenders[f"{library}, decoding alone"] = _native(data, _only_decoding(), 1)
    contenders["native, exact, 1 thread"] = _native(data, _chain(), 1)
    if cpus > 1:
        contenders[f"native, exact, {cpus} threads"] = _native(data, _chain(), cpus)
    reference = Preprocessor(_chain(), _MAX_PIXELS, native=False)
    contenders["Pillow and NumPy (reference), exact"] = lambda: reference.run(data)
    if kind == "JPEG":
        contenders["native, scaled, 1 thread"] = _native(data, _chain("scaled"), 1)
        draft = Preprocessor(_chain("scaled"), _MAX_PIXELS, native=False)
        contenders["Pillow and NumPy (reference), scaled"] = lambda: draft.run(data)
    contenders["OpenCV, decoding alone"] = _opencv_decode(data)
    contenders[f"OpenCV, without antialias, {cpus} threads"] = _opencv(data)
    return contenders


def _only_decoding() -> list[PreprocessStep]:
    return [Decode(), Crop(width=1, height=1), ToTensor()]


def _native(data: bytes, steps: list[PreprocessStep], threads: int) -> Callable[[], object]:
    path = NativePath(steps, _MAX_PIXELS, threads)
    return lambda: path.run(data)


def _opencv_decode(data: bytes) -> Callable[[], object]:
    import cv2

    encoded = np.frombuffer(data, np.uint8)
    return lambda: cv2.imdecode(encoded, cv2.IMREAD_COLOR)


def _opencv(data: bytes) -> Callable[[], object]:
    """What a quick OpenCV front end does: two-tap resizing without antialias, and float32 arithmetic."""
    import cv2

    encoded = np.frombuffer(data, np.uint8)
    mean, std = np.asarray(_MEAN, np.float32) * 255, np.asarray(_STD, np.float32) * 255

    def run() -> object:
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        assert image is not None
        height, width = image.shape[:2]
        ratio = 256 / min(height, width)
        image = cv2.resize(image, (round(width * ratio), round(height * ratio)))
        top, left = (image.shape[0] - 224) // 2, (image.shape[1] - 224) // 2
        image = cv2.cvtColor(image[top : top + 224, left : left + 224], cv2.COLOR_BGR2RGB)
        return np.ascontiguousarray(((image.astype(np.float32) - mean) / std).transpose(2, 0, 1)[None])

    return run


def _landscape() -> Image.Image:
    """Smooth hills, edges and some grain: about as hard to compress as a photograph."""
    chance = np.random.default_rng(0)
    layers = [Image.fromarray(chance.integers(0, 256, (3 * n, 4 * n, 3), dtype=np.uint8)) for n in (2, 8, 40, 300)]
    total = sum(
        weight * np.asarray(layer.resize((2000, 1500), Image.Resampling.BICUBIC), np.float32)
        for weight, layer in zip((0.5, 0.25, 0.15, 0.1), layers, strict=True)
    )
    return Image.fromarray(np.asarray(total).clip(0, 255).astype(np.uint8))
