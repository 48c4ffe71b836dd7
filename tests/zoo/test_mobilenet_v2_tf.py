"""The real MobileNetV2 of TensorFlow, against TensorFlow itself fed by preprocessing written without our code."""

from pathlib import Path

import numpy as np
import pytest

from inference_core.packing.labels import read_labels
from tests.assets import ASSETS, BEAR, COCO, needs_assets
from tests.packages import needs_tensorflow, needs_tf2onnx
from tests.zoo.tensorflow_runs import run_ours, run_upstream

pytestmark = [needs_assets, needs_tensorflow, needs_tf2onnx, pytest.mark.assets, pytest.mark.slow]

MODEL = ASSETS / "models" / "mobilenet_v2_tf" / "saved_model"
PHOTOS = [BEAR, COCO / "images" / "000000000785.jpg", ASSETS / "images" / "photos" / "parrot.jpg"]


def test_the_five_best_are_those_of_tensorflow(tmp_path: Path) -> None:
    direct = np.array(run_upstream("classify", MODEL, PHOTOS))
    assert direct.shape == (3, 1001)
    names = ["background", *(label["name"] for label in read_labels("imagenet_1000", Path()))]
    ours = run_ours(MODEL, "mobilenet_v2_tf", ["tensorflow", "onnxruntime"], tmp_path / "bundle", PHOTOS)
    for answers in ours.values():
        for answer, row in zip(answers, direct, strict=True):
            best = row.argsort()[::-1][:5]
            assert [found["label"] for found in answer] == [names[index] for index in best]
            assert [found["class_id"] for found in answer] == [index - 1 for index in best]
            assert [found["score"] for found in answer] == pytest.approx(row[best].tolist(), abs=1e-4)
        assert (answers[0][0]["label"], answers[0][0]["class_id"]) == ("brown bear", 294)
