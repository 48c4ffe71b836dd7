"""Average precision of a bundle on Pascal VOC data, computed by pycocotools."""

import contextlib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from inference_core.bundle import Bundle
from inference_core.bundle.postprocess import Score
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Detection, Result

_MOST = 300
_EVERYTHING = 0.01


def average_precision(bundle: Bundle, annotations: Iterable[Path]) -> dict[str, tuple[float, int]]:
    """AP at IoU 0.5 and ground-truth count of each class that occurs in the VOC files, the pictures beside them."""
    names = {label.name: number for number, label in enumerate(bundle.manifest.labels, 1)}
    truth: dict[str, Any] = {"images": [], "annotations": [], "categories": [{"id": i} for i in names.values()]}
    found: list[dict[str, Any]] = []
    with _indulgent(bundle) as predictor:
        for number, path in enumerate(sorted(annotations)):
            truth["images"].append({"id": number})
            truth["annotations"] += [
                {"id": len(truth["annotations"]) + i, "image_id": number, "category_id": names[name], "iscrowd": 0}
                | _box(*box)
                for i, (name, box) in enumerate(read_objects(path), 1)
            ]
            [result] = predictor.predict([_picture(path).read_bytes()])
            assert isinstance(result, Result), result
            for p in result.predictions:
                assert isinstance(p, Detection)
                found.append({"image_id": number, "category_id": names[p.label], "score": p.score} | _box(*p.box))
    counts = [a["category_id"] for a in truth["annotations"]]
    precision = _precision(truth, found)
    return {name: (precision[i - 1], counts.count(i)) for name, i in names.items() if i in counts}


def read_objects(path: Path) -> list[tuple[str, tuple[float, ...]]]:
    """Name and box xyxy of each object."""
    objects = re.findall(r"<object>.*?</object>", path.read_text(), re.DOTALL)
    sides = ("xmin", "ymin", "xmax", "ymax")
    return [(_value(o, "name"), tuple(float(_value(o, side)) for side in sides)) for o in objects]


def _value(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text)
    assert found is not None
    return found.group(1)


def _picture(path: Path) -> Path:
    [picture] = [p for p in path.parent.glob(f"{path.stem}.*") if p.suffix != ".xml"]
    return picture


def _indulgent(bundle: Bundle) -> LocalPredictor:
    """A predictor that keeps what scores low, as the metric asks."""
    local = LocalPredictor.load(bundle)
    steps = [Score(min=_EVERYTHING) if isinstance(s, Score) else s for s in bundle.manifest.postprocess]
    manifest = bundle.manifest.model_copy(update={"postprocess": tuple(steps)})
    return LocalPredictor(manifest, bundle.artifact(), local.engine)


def _box(x1: float, y1: float, x2: float, y2: float) -> dict[str, Any]:
    return {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}


def _precision(truth: dict[str, Any], found: list[dict[str, Any]]) -> list[float]:
    """AP@.5 of each category, in order; nan without objects."""
    with contextlib.redirect_stdout(io.StringIO()):
        reference = COCO()
        reference.dataset = truth
        reference.createIndex()
        evaluation = COCOeval(reference, reference.loadRes(found), "bbox")
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.params.maxDets = [1, 10, _MOST]
        evaluation.evaluate()
        evaluation.accumulate()
    return [float(np.mean(evaluation.eval["precision"][0, :, k, 0, 2])) for k in range(len(truth["categories"]))]
