"""What int8 costs the real models: agreement of a classifier, precision of a detector."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from pycocotools.coco import COCO as Truth

from inference_core.imaging import Preprocessor
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.onnx.quantization import quantize_onnx
from inference_core.packing.recipe import read_recipe
from tests.assets import ASSETS, COCO, needs_assets
from tests.packages import needs_vnni
from tests.zoo import yolox_upstream
from tests.zoo.coco import category_ids, mean_average_precision, read_truth, record
from tests.zoo.conftest import model_file

pytestmark = [needs_assets, pytest.mark.assets]

MINIMUM, IOU = 0.01, 0.45


def write_tensors(name: str, pictures: Sequence[Path], folder: Path) -> list[Path]:
    preprocess = Preprocessor(read_recipe(name)[0].preprocess)
    paths = [folder / f"{picture.stem}.npy" for picture in pictures]
    for path, picture in zip(paths, pictures, strict=True):
        np.save(path, preprocess.run(picture.read_bytes()).tensor)
    return paths


def quantize(name: str, folder: Path) -> ModelGraph:
    tensors = write_tensors(name, sorted((COCO / "images").glob("*.jpg")), folder)
    return quantize_onnx(inspect_onnx(model_file(name)), tensors, folder).graph


def session(path: Path) -> ort.InferenceSession:
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@pytest.mark.slow
def test_a_classifier_answers_as_before(tmp_path: Path) -> None:
    quantized = quantize("mobilenet_v2", tmp_path)
    photos = [path for path in (ASSETS / "images" / "photos").iterdir() if path.suffix in (".jpg", ".bmp")]
    tensors = [np.load(path) for path in (*tmp_path.glob("*.npy"), *write_tensors("mobilenet_v2", photos, tmp_path))]
    before, after = (session(path) for path in (model_file("mobilenet_v2"), quantized.path))
    same = [
        before.run(None, {"input": tensor})[0].argmax() == after.run(None, {"input": tensor})[0].argmax()
        for tensor in tensors
    ]
    assert len(same) == 29
    assert np.mean(same) >= 0.9
    assert quantized.path.stat().st_size < 0.6 * model_file("mobilenet_v2").stat().st_size


def precision_of(path: Path, truth: Truth) -> float:
    opened, names = session(path), [category["name"] for _, category in sorted(truth.cats.items())]
    numbers, records = category_ids(truth), []
    for number, image in truth.imgs.items():
        found = yolox_upstream.detect(opened, COCO / "images" / image["file_name"], MINIMUM, IOU)
        records += [record(number, numbers[names[index]], score, box) for index, score, box in found]
    return mean_average_precision(truth, records)


@pytest.mark.slow
@needs_vnni
def test_a_detector_finds_what_it_found(tmp_path: Path) -> None:
    truth = read_truth()
    quantized = quantize("yolox_nano", tmp_path)
    before, after = (precision_of(path, truth) for path in (model_file("yolox_nano"), quantized.path))
    assert before > 0.6
    assert after >= before - 0.03
