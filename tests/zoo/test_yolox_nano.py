"""The real YOLOX-Nano, against the photographs' ground truth and against upstream's own way of running it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from pycocotools.coco import COCO as Truth

from inference_core.bundle import Bundle, open_bundle
from inference_core.bundle.postprocess import Score
from inference_core.imaging import Preprocessor
from inference_core.packing import pack_model
from inference_core.packing.recipe import read_recipe
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Detection, ImageSize, Result
from inference_core.zoo import recipe_path
from tests.assets import BEAR, COCO, needs_assets
from tests.zoo import yolox_upstream
from tests.zoo.coco import category_ids, iou, mean_average_precision, record
from tests.zoo.conftest import OpenModel, model_file

pytestmark = [needs_assets, pytest.mark.assets]

MINIMUM, IOU = 0.01, 0.45


@pytest.fixture(scope="module")
def session() -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    return ort.InferenceSession(str(model_file("yolox_nano")), options, providers=["CPUExecutionProvider"])


@pytest.fixture
def yolox(packed: OpenModel) -> Bundle:
    return packed("yolox_nano")


def test_the_bear_is_found_where_it_is(yolox: Bundle, truth: Truth) -> None:
    with LocalPredictor.load(yolox) as predictor:
        [result] = predictor.predict([BEAR.read_bytes()])
    assert isinstance(result, Result)
    assert result.image == ImageSize(586, 640)
    [bear] = result.predictions
    assert isinstance(bear, Detection)
    assert (bear.label, bear.class_id) == ("bear", 21)
    assert bear.score >= 0.9
    [(x, y, width, height)] = [a["bbox"] for a in truth.imgToAnns[285] if not a["iscrowd"]]
    assert iou(bear.box, (x, y, x + width, y + height)) >= 0.9


@pytest.mark.parametrize("path", sorted((COCO / "images").glob("*.jpg"))[::4], ids=lambda path: path.stem)
def test_our_tensor_is_upstreams_bit_for_bit(yolox: Bundle, path: Path) -> None:
    preprocess = Preprocessor(yolox.manifest.preprocess)
    ours = preprocess.prepare(preprocess.decode(path.read_bytes())).tensor
    direct, _ = yolox_upstream.prepare(path)
    assert ours.dtype == direct.dtype
    assert np.array_equal(ours, direct)


def our_records(truth: Truth, folder: Path) -> list[dict[str, Any]]:
    """From a bundle packed by the zoo's recipe with a low threshold that keeps every class of a box."""
    text = recipe_path("yolox_nano").read_text()
    assert text.count("min = 0.3") == 1
    (folder / "low.toml").write_text(text.replace("min = 0.3", f"min = {MINIMUM}\nmulti_label = true"))
    assert Score(min=MINIMUM, multi_label=True) in read_recipe(str(folder / "low.toml"))[0].postprocess
    manifest = pack_model(model_file("yolox_nano"), str(folder / "low.toml"), folder / "low", images=[BEAR]).manifest
    assert manifest.postprocess[2].model_dump()["iou"] == IOU
    numbers, records = category_ids(truth), []
    with LocalPredictor.load(open_bundle(folder / "low")) as predictor:
        for number, image in truth.imgs.items():
            [result] = predictor.predict([(COCO / "images" / image["file_name"]).read_bytes()])
            assert isinstance(result, Result)
            for p in result.predictions:
                assert isinstance(p, Detection)
                records.append(record(number, numbers[p.label], p.score, p.box))
    return records


def test_map_is_that_of_a_direct_evaluation(
    truth: Truth, session: ort.InferenceSession, yolox: Bundle, tmp_path: Path
) -> None:
    names = [category["name"] for _, category in sorted(truth.cats.items())]
    assert names == [label.name for label in yolox.manifest.labels]
    numbers, direct = category_ids(truth), []
    for number, image in truth.imgs.items():
        found = yolox_upstream.detect(session, COCO / "images" / image["file_name"], MINIMUM, IOU)
        direct += [record(number, numbers[names[index]], score, box) for index, score, box in found]
    ours_map = mean_average_precision(truth, our_records(truth, tmp_path))
    direct_map = mean_average_precision(truth, direct)
    print(f"\nYOLOX-Nano mAP@.5 on {len(truth.imgs)} images: ours {ours_map:.4f}, direct {direct_map:.4f}")
    assert len(truth.imgs) == 20 and direct_map > 0.4
    assert abs(ours_map - direct_map) <= 0.01
