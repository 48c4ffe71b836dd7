"""Bundles of the real models, packed once."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from pycocotools.coco import COCO as Truth

from inference_core.bundle import Bundle, open_bundle
from inference_core.packing import pack_model
from tests.assets import ASSETS, BEAR
from tests.zoo.coco import read_truth

MODELS = {
    "yolox_nano": "yolox_nano/yolox_nano.onnx",
    "mobilenet_v2": "mobilenet_v2/mobilenetv2_nchw_logits1000.onnx",
    "squeezenet_v1_0": "squeezenet/squeezenet_v1.0.onnx",
    "efficientpose_rt": "efficientpose/EfficientPoseRT_derived.onnx",
    "subpixel_cnn_x3": "super_resolution/super_resolution.onnx",
}

OpenModel = Callable[[str], Bundle]


def model_file(name: str) -> Path:
    """The real model that the zoo's recipe `name` is for."""
    return ASSETS / "models" / MODELS[name]


@pytest.fixture(scope="session")
def truth() -> Truth:
    """COCO's ground truth of the photographs."""
    return read_truth()


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> OpenModel:
    """Packs a real model by the zoo's recipe of that name, on first use."""
    folder = tmp_path_factory.mktemp("zoo")

    @cache
    def open_model(name: str) -> Bundle:
        pack_model(model_file(name), name, folder / name, images=[BEAR])
        return open_bundle(folder / name)

    return open_model
