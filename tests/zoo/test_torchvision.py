"""The recipes of torchvision's models: their tensors against torchvision's presets written here, and whole packs."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference_core.bundle import open_bundle
from inference_core.imaging import Preprocessor, sample_picture
from inference_core.packing.labels import read_labels
from inference_core.packing.recipe import read_recipe
from inference_core.zoo import recipe_path
from tests.packages import needs_torch, needs_torchscript

DETECTORS = ["fasterrcnn_resnet50_fpn_v2", "maskrcnn_resnet50_fpn_v2", "retinanet_resnet50_fpn_v2", "ssd300_vgg16"]
SIZES = [(640, 480), (375, 500), (1000, 200), (31, 17)]
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def levels(data: bytes) -> np.ndarray:
    """The picture's pixels [H, W, 3] as decoded by Pillow."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def interpolate(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """torch's bilinear interpolation without aligned corners of [H, W, 3], in float64."""
    for axis, size in ((0, height), (1, width)):
        length = image.shape[axis]
        place = ((np.arange(size) + 0.5) * length / size - 0.5).clip(0)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, length - 1)
        share = (place - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        image = image.take(low, axis) * (1 - share) + image.take(high, axis) * share
    return image


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_gets_the_picture_that_it_would_have_made(name: str, size: tuple[int, int]) -> None:
    data = sample_picture(*size)
    ours = Preprocessor(read_recipe(name)[0].preprocess).run(data).tensor
    scale = min(800 / min(size), 1333 / max(size))
    width, height = (300, 300) if name == "ssd300_vgg16" else (int(side * scale) for side in size)
    wanted = interpolate(levels(data) / 255, width, height).transpose(2, 0, 1)[None]
    assert ours.shape == wanted.shape
    assert np.abs(ours - wanted).max() < 1.01 / 255  # resizing rounds to whole levels


def test_resnet50_gets_the_tensor_of_its_preset() -> None:
    data = sample_picture(640, 480)
    ours = Preprocessor(read_recipe("resnet50")[0].preprocess).run(data).tensor
    resized = Image.open(io.BytesIO(data)).convert("RGB").resize((309, 232), Image.Resampling.BILINEAR)
    crop = np.asarray(resized)[4:228, 42:266]
    wanted = ((crop / 255 - MEAN) / STD).transpose(2, 0, 1)[None]
    assert np.abs(ours - wanted).max() < 1e-5


@pytest.mark.parametrize("name", DETECTORS)
def test_classes_are_category_ids(name: str) -> None:
    recipe, folder = read_recipe(name)
    labels = {label["index"]: label for label in read_labels(recipe.labels, folder)}
    assert {i: labels[i]["name"] for i in (1, 13, 23, 90)} == {
        1: "person",
        13: "stop sign",
        23: "bear",
        90: "toothbrush",
    }
    assert all(index == label["id"] for index, label in labels.items())
    assert len(labels) == 80 and not {0, 12, 26, 91} & labels.keys()


@needs_torch
@needs_torchscript
@pytest.mark.slow
def test_a_mask_rcnn_gives_a_mask_for_each_box(tmp_path: Path) -> None:
    import satchel_torchscript

    from inference_core.packing.torch.source import inspect_torch

    recipe = changed(tmp_path, "maskrcnn_resnet50_fpn_v2", {"= 800": "= 128", "= 1333": "= 192"})
    name = (
        "torchvision:maskrcnn_resnet50_fpn?min_size=128&max_size=192&rpn_post_nms_top_n_test=40&box_score_thresh=0.01"
    )
    graph = inspect_torch(name, "random", read_recipe(recipe)[0], tmp_path)
    assert [(spec["name"], spec["shape"]) for spec in graph.outputs] == [
        ("boxes", [1, "detections", 4]),
        ("labels", [1, "detections"]),
        ("scores", [1, "detections"]),
        ("masks", [1, "detections", 1, 28, 28]),
    ]
    boxes, labels, _, masks = (
        satchel_torchscript.Module(graph.path).run([np.load(tmp_path / "tensors" / "00000.npy")]).values()
    )
    assert len(boxes[0]) == len(masks[0]) == 100
    assert labels.min() >= 1 and labels.max() <= 90
    assert masks.min() >= 0 and masks.max() <= 1


@needs_torch
@needs_torchscript
def test_a_detector_is_packed_by_its_name(tmp_path: Path) -> None:
    from inference_core.packing import pack_model

    recipe = changed(tmp_path, "fasterrcnn_resnet50_fpn_v2", {"= 800": "= 320", "= 1333": "= 640"})
    pack_model("torchvision:fasterrcnn_mobilenet_v3_large_320_fpn", recipe, tmp_path / "bundle", weights="random")
    with open_bundle(tmp_path / "bundle") as bundle:
        [artifact] = bundle.manifest.artifacts
        assert (artifact.engine, artifact.precision) == ("torchscript", "fp32")
        assert artifact.output("labels").shape == (1, "detections")
        assert bundle.manifest.provenance["torchvision"]


def changed(folder: Path, name: str, changes: dict[str, str]) -> str:
    """A copy of the zoo's recipe with other text in places."""
    text = recipe_path(name).read_text()
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text)
    return str(folder / "recipe.toml")
