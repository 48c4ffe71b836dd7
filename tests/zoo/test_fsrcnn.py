"""The real FSRCNN and ESPCN of TensorFlow: nearer to the original than bicubic, in pictures of their own sizes."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.assets import ASSETS, COCO, needs_assets
from tests.packages import needs_tensorflow
from tests.zoo.likeness import bicubic, luma, psnr
from tests.zoo.tensorflow_runs import run_ours

pytestmark = [needs_assets, needs_tensorflow, pytest.mark.assets, pytest.mark.slow]

MODELS = ASSETS / "models" / "super_resolution"
PHOTOS = [COCO / "images" / f"{number:012}.jpg" for number in (285, 785, 885)]
WIDTH, HEIGHT = 640, 400


def original(photo: Path) -> Image.Image:
    with Image.open(photo) as picture:
        return picture.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(("graph", "least"), [("fsrcnn/FSRCNN_x2.pb", 0.5), ("espcn/ESPCN_x2.pb", 0.4)])
def test_they_gain_over_bicubic(tmp_path: Path, graph: str, least: float) -> None:
    """The sources state 0.25 to 1.5 and 0.1 to 1.3 decibels on three photographs that they do not name."""
    small = [original(photo).resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BICUBIC) for photo in PHOTOS]
    files = [tmp_path / f"{photo.stem}.png" for photo in PHOTOS]
    for picture, file in zip(small, files, strict=True):
        picture.save(file)
    ours = run_ours(MODELS / graph, "fsrcnn_x2", ["tensorflow"], tmp_path / "bundle", files)
    gains = []
    for photo, picture, [found] in zip(PHOTOS, small, ours["tensorflow"], strict=True):
        truth = luma(original(photo))
        with Image.open(io.BytesIO(base64.b64decode(found["image"]))) as made:
            gains.append(psnr(truth, luma(made)) - psnr(truth, bicubic(picture, 2)))
    assert min(gains) > 0.1
    assert np.mean(gains) > least
