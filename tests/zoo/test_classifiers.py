"""The real MobileNetV2 and SqueezeNet, against onnxruntime fed by preprocessing written here."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from inference_core.bundle import Bundle
from inference_core.imaging import Preprocessor
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from tests.assets import ASSETS, BEAR, COCO, needs_assets
from tests.zoo.conftest import OpenModel, model_file

pytestmark = [needs_assets, pytest.mark.assets]

PHOTOS = [BEAR, COCO / "images" / "000000000785.jpg", ASSETS / "images" / "photos" / "parrot.jpg"]
BOTH = ["mobilenet_v2", "squeezenet_v1_0"]


def short_side_and_crop(path: Path, short: int, crop: int) -> np.ndarray:
    """torchvision's Resize(short) and CenterCrop(crop) on a Pillow image: RGB [H, W, 3]."""
    image = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    width, height = image.size
    size = (short, int(short * height / width)) if width <= height else (int(short * width / height), short)
    resized = np.asarray(image.resize(size, Image.Resampling.BILINEAR))
    top, left = round((size[1] - crop) / 2.0), round((size[0] - crop) / 2.0)
    return resized[top : top + crop, left : left + crop]


def torchvision_tensor(path: Path) -> np.ndarray:
    """ToTensor and Normalize, in float32 as torchvision computes them."""
    levels = short_side_and_crop(path, 256, 224).astype(np.float32) / np.float32(255)
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    return ((levels - mean) / std).transpose(2, 0, 1)[None]


def caffe_tensor(path: Path) -> np.ndarray:
    """Levels in BGR minus the mean of each channel."""
    blue_first = short_side_and_crop(path, 256, 227)[:, :, ::-1].astype(np.float32)
    return (blue_first - np.array([104, 117, 123], np.float32)).transpose(2, 0, 1)[None]


REFERENCES: dict[str, Callable[[Path], np.ndarray]] = {
    "mobilenet_v2": torchvision_tensor,
    "squeezenet_v1_0": caffe_tensor,
}
TOLERANCE = {"mobilenet_v2": 1e-6, "squeezenet_v1_0": 0.0}
"""torchvision rounds to float32 three times where our table does once; Caffe's whole numbers are exact."""


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", BOTH)
def test_our_tensor_is_the_trainers(packed: OpenModel, name: str, path: Path) -> None:
    preprocess = Preprocessor(packed(name).manifest.preprocess)
    ours = preprocess.prepare(preprocess.decode(path.read_bytes())).tensor
    direct = REFERENCES[name](path)
    assert (ours.dtype, ours.shape) == (direct.dtype, direct.shape)
    assert np.abs(ours - direct).max() <= TOLERANCE[name]


def direct_top(bundle: Bundle, name: str, path: Path) -> list[tuple[str, float]]:
    """The five best labels and probabilities, straight from onnxruntime."""
    session = ort.InferenceSession(str(model_file(name)), providers=["CPUExecutionProvider"])
    [[row]] = session.run(None, {session.get_inputs()[0].name: REFERENCES[name](path)})
    row = row.reshape(-1).astype(np.float64)
    scores = np.exp(row) / np.exp(row).sum() if name == "mobilenet_v2" else row
    names = [label.name for label in bundle.manifest.labels]
    return [(names[index], float(scores[index])) for index in scores.argsort()[::-1][:5]]


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", BOTH)
def test_the_five_best_are_those_of_onnxruntime(packed: OpenModel, name: str, path: Path) -> None:
    bundle = packed(name)
    with LocalPredictor.load(bundle) as predictor:
        [result] = predictor.predict([path.read_bytes()])
    assert isinstance(result, Result)
    expected = direct_top(bundle, name, path)
    assert [p.label for p in result.predictions] == [label for label, _ in expected]
    assert [p.score for p in result.predictions] == pytest.approx([score for _, score in expected], abs=1e-4)


@pytest.mark.parametrize("name", BOTH)
def test_the_bear_is_a_brown_bear(packed: OpenModel, name: str) -> None:
    with LocalPredictor.load(packed(name)) as predictor:
        [result] = predictor.predict([BEAR.read_bytes()])
    assert isinstance(result, Result)
    assert (result.predictions[0].label, result.predictions[0].class_id) == ("brown bear", 294)


@pytest.mark.parametrize("name", BOTH)
def test_a_batch_gives_what_single_images_give(packed: OpenModel, name: str) -> None:
    data = [path.read_bytes() for path in PHOTOS]
    with LocalPredictor.load(packed(name)) as predictor:
        together = predictor.predict(data)
        alone = [outcome for picture in data for outcome in predictor.predict([picture])]
    for one, other in zip(together, alone, strict=True):
        assert isinstance(one, Result) and isinstance(other, Result)
        assert [p.label for p in one.predictions] == [p.label for p in other.predictions]
        assert [p.score for p in one.predictions] == pytest.approx([p.score for p in other.predictions], abs=1e-5)
