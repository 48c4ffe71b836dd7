"""Enlarged pictures: the model's luma, the original's colours, without what was put around it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle import open_bundle
from inference_core.bundle.pictures import Luma
from inference_core.bundle.preprocess import Crop, Decode, Letterbox, Resize, ToTensor
from inference_core.drawing import draw_result
from inference_core.errors import EngineError
from inference_core.imaging import Preprocessor
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import ImageSize, Picture, Result, Tensors
from inference_core.tasks.luma import read_luma
from inference_core.tasks.super_resolution import open_picture
from tests.models import pack_enlarger
from tests.pictures import encode, noise, plain

COLOR = (200, 60, 30)


def tensors(luma: Any, picture: Image.Image, *steps: Any) -> Tensors:
    """Of a model that gives `luma` for `picture` after `steps`."""
    prepared = Preprocessor([Decode(color="Y"), *steps, ToTensor(dtype="uint8")]).prepare(picture)
    height, width = prepared.tensor.shape[2:]
    return Tensors({"out": np.asarray(luma, np.float32)}, width, height, prepared.geometry, prepared.picture)


def enlarged(luma: Any, picture: Image.Image, *steps: Any, **options: Any) -> Image.Image:
    found = read_luma(Luma(**{"factor": 2} | options), tensors(luma, picture, *steps))
    assert (found.score.tolist(), found.index.tolist()) == ([1.0], [0])
    [made] = found.pictures
    assert made.mode == "RGB"
    return made


def luma_of(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("YCbCr"))[..., 0]


def test_levels_are_rounded_and_clipped() -> None:
    grey = Image.new("RGB", (2, 1), (9, 9, 9))
    values = np.array([[-1.0, 0.0, 100.4 / 255, 100.6 / 255], [1.0, 2.0, 0.5, 255 / 255]])
    got = np.asarray(enlarged(values[None], grey))
    assert (got == got[..., :1]).all()
    assert got[..., 0].tolist() == [[0, 0, 100, 101], [255, 255, 128, 255]]
    assert np.array_equal(np.asarray(enlarged(values[..., None] * 255, grey, layout="HWC", white=255.0)), got)


def test_colours_are_those_of_the_original_enlarged_by_bicubic() -> None:
    picture = Image.fromarray(noise(7, 5))
    _, blue, red = picture.convert("YCbCr").split()
    large = [plane.resize((21, 15), Image.Resampling.BICUBIC) for plane in (blue, red)]
    luma = noise(21, 15, channels=1, seed=1)
    expected = Image.merge("YCbCr", (Image.fromarray(luma), *large)).convert("RGB")
    assert enlarged(luma[None] / 255, picture, factor=3).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("steps", "size", "place"),
    [
        ([Letterbox(width=10, height=8, anchor="top-left", upscale=False, fill=0)], (6, 4), (0, 0)),
        ([Letterbox(width=10, height=8, anchor="center", upscale=False, fill=0)], (6, 4), (2, 2)),
        ([Letterbox(width=9, height=9, fill=0)], (9, 6), (0, 1)),
        ([Resize(width=5, height=7)], (5, 7), (0, 0)),
        ([Crop(width=4, height=2)], (4, 2), (0, 0)),
        ([Crop(width=8, height=2)], (6, 2), (1, 0)),
    ],
)
def test_what_was_put_around_the_picture_is_cut_off(
    steps: list[Any], size: tuple[int, int], place: tuple[int, int]
) -> None:
    picture = Image.new("RGB", (6, 4), COLOR)
    prepared = Preprocessor([Decode(color="Y"), *steps, ToTensor(dtype="uint8")]).prepare(picture).tensor[0, 0]
    luma = np.full((1, prepared.shape[0] * 2, prepared.shape[1] * 2), 1.0, np.float32)
    left, top = place[0] * 2, place[1] * 2
    luma[0, top : top + size[1] * 2, left : left + size[0] * 2] = 0.3
    made = enlarged(luma, picture, *steps)
    assert made.size == (size[0] * 2, size[1] * 2)
    assert made.getcolors() == [(size[0] * size[1] * 4, made.getpixel((0, 0)))]
    assert abs(int(luma_of(made)[0, 0]) - 0.3 * 255) <= 1


def test_padding_does_not_bleed_into_the_colours() -> None:
    box = Letterbox(width=10, height=8, anchor="center", upscale=False, fill=0)
    luma = np.full((1, 16, 20), 0.4, np.float32)
    [(_, color)] = enlarged(luma, Image.new("RGB", (6, 4), COLOR), box).getcolors() or []
    assert color == enlarged(luma[:, :8, :12], Image.new("RGB", (6, 4), COLOR)).getpixel((0, 0))


@pytest.mark.parametrize("shape", [(1, 8, 11), (8, 12), (2, 8, 12), (8, 12, 1), (1, 4, 6)])
def test_an_output_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError) as caught:
        enlarged(np.zeros(shape), Image.new("RGB", (6, 4)))
    assert caught.value.expected == "[1, 8, 12], 2 times the input"


def test_steps_that_cut_the_whole_picture_off_are_refused() -> None:
    steps = Letterbox(width=40, height=40, anchor="top-left", upscale=False), Crop(width=10, height=10)
    with pytest.raises(EngineError, match="nothing of the picture was left for the model"):
        enlarged(np.zeros((1, 20, 20)), Image.new("RGB", (6, 4)), *steps)


def test_the_picture_is_kept_only_where_its_colours_are_wanted() -> None:
    data = plain(COLOR)
    kept = Preprocessor([Decode(color="Y"), ToTensor()]).run(data).picture
    assert kept is not None
    assert kept.getpixel((0, 0)) == COLOR
    assert Preprocessor([Decode(), ToTensor()]).run(data).picture is None
    assert Preprocessor([Decode(color="GRAY"), ToTensor()], native=False).run(data).picture is None


def test_a_packed_model_enlarges_pictures_of_their_own_sizes(tmp_path: Path) -> None:
    sizes = [(13, 9), (40, 30)]
    files = [encode(noise(*size)) for size in sizes]
    with open_bundle(pack_enlarger(tmp_path)) as bundle, LocalPredictor.load(bundle) as predictor:
        results = predictor.predict(files)
        for file, size, result in zip(files, sizes, results, strict=True):
            assert isinstance(result, Result)
            assert result.image == ImageSize(*size)
            [made] = result.predictions
            assert isinstance(made, Picture)
            assert (made.label, made.class_id, made.score) == ("picture", 0, 1.0)
            picture = open_picture(made)
            assert (made.width, made.height) == picture.size == (size[0] * 2, size[1] * 2)
            with Image.open(io.BytesIO(file)) as original:
                _, *colors = original.convert("YCbCr").split()
                luma = Image.fromarray(luma_of(original).repeat(2, axis=0).repeat(2, axis=1))
            planes = (luma, *(plane.resize(luma.size, Image.Resampling.BICUBIC) for plane in colors))
            assert picture.tobytes() == Image.merge("YCbCr", planes).convert("RGB").tobytes()
            with Image.open(io.BytesIO(draw_result(file, bundle.manifest, result))) as drawn:
                assert drawn.convert("RGB").tobytes() == picture.tobytes()
