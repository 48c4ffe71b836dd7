"""The steps that read outputs: what they refuse, which tensors they name, how many classes they see."""

from collections.abc import Sequence
from typing import Any

import pytest

from inference_core.bundle.heads import (
    AnchorLevel,
    Boxes,
    Distances,
    HeatMaps,
    Masks,
    Picked,
    Probabilities,
    Sigmoid,
    Softmax,
    Ssd,
    Yolo,
    Yolox,
)
from inference_core.bundle.pictures import Luma
from inference_core.bundle.postprocess import Top
from inference_core.bundle.schema import Step, TensorUse
from inference_core.errors import ManifestError
from tests.bundle.documents import changed, parse

LEVEL = {"stride": 8, "sizes": [[8, 8]]}
SSD = Ssd(levels=(AnchorLevel(stride=8, sizes=((8, 8),)),))


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"op": "yolox", "strides": [8, 0]}, "strides[1]"),
        ({"op": "yolox", "strides": []}, "strides"),
        ({"op": "yolo", "transposed": 1}, "transposed"),
        ({"op": "boxes", "normalized": "no"}, "normalized"),
        ({"op": "boxes", "activation": "tanh"}, "activation"),
        ({"op": "ssd", "levels": []}, "levels"),
        ({"op": "ssd", "levels": [LEVEL | {"stride": 0.5}]}, "levels[0].stride"),
        ({"op": "ssd", "levels": [LEVEL | {"sizes": [[8, 0]]}]}, "levels[0].sizes[0][1]"),
        ({"op": "ssd", "levels": [LEVEL | {"offset": 1.5}]}, "levels[0].offset"),
        ({"op": "ssd", "levels": [LEVEL], "variances": [0.1, 0.1, 0.2, 0]}, "variances[3]"),
        ({"op": "distances", "strides": []}, "strides"),
        ({"op": "picked", "format": "xywh"}, "format"),
        ({"op": "heat_maps", "layout": "HCW"}, "layout"),
        ({"op": "heat_maps", "refine": "half"}, "refine"),
        ({"op": "luma", "factor": 0}, "factor"),
        ({"op": "luma", "factor": 65}, "factor"),
        ({"op": "luma", "factor": 2.5}, "factor"),
        ({"op": "luma", "factor": 2, "white": 0}, "white"),
        ({"op": "masks", "threshold": 1.5}, "threshold"),
        ({"op": "masks", "activation": "softmax"}, "activation"),
    ],
)
def test_a_parameter_out_of_range_is_refused_where_it_stands(step: dict[str, Any], place: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("postprocess/0", step))
    assert caught.value.message == f"bundle.json: wrong value at postprocess[0].{place}"


@pytest.mark.parametrize(
    ("step", "names"),
    [
        (Yolo(output="out"), ["out"]),
        (HeatMaps(), [None]),
        (Luma(output="y", factor=2), ["y"]),
        (Masks(output="m"), ["m"]),
        (SSD, ["boxes", "scores"]),
        (Distances(strides=(8,)), ["boxes", "scores"]),
        (Distances(strides=(8,), boxes="b", scores="s", centerness="c"), ["b", "s", "c"]),
        (Picked(), ["boxes", "scores", "classes"]),
        (Picked(classes="c", count="n"), ["boxes", "scores", "c", "n"]),
        (Picked(count=""), ["boxes", "scores", "classes", ""]),
        (Distances(strides=(8,), centerness=""), ["boxes", "scores", ""]),
    ],
)
def test_a_step_names_its_outputs(step: Step, names: list[str | None]) -> None:
    assert list(step.tensors()) == [TensorUse("output", name) for name in names]


@pytest.mark.parametrize(
    ("step", "shape", "count"),
    [
        (Softmax(output="scores"), (1, 7), 7),
        (Sigmoid(output="scores"), (2, 7, 1, 1), 7),
        (Probabilities(output="scores"), (1, 3), 3),
        (Yolox(output="scores"), (1, 21, 85), 80),
        (Yolo(output="scores"), (1, 21, 85), 80),
        (Yolo(output="scores", objectness=False), (1, 21, 84), 80),
        (Yolo(output="scores", objectness=False, transposed=True), (1, 84, 21), 80),
        (Yolo(output="scores"), (1, 84, 5), None),
        (Yolo(output="scores"), (21, 85), None),
        (Boxes(), (1, 9, 4), 4),
        (Boxes(background=True), (1, 9, 4), 3),
        (SSD, (1, 9, 4), 4),
        (Distances(strides=(8,), background=True), (1, 9, 4), 3),
        (Distances(strides=(8,)), (9,), None),
        (Picked(), (1, 9), None),
        (HeatMaps(output="scores"), (1, 17, 8, 8), 1),
        (Luma(output="scores", factor=2), (1, 1, 8, 8), 1),
        (Masks(output="scores"), (1, 9, 3, 8, 8), None),
        (Top(k=3), (1, 9), None),
    ],
)
def test_classes_are_counted_in_the_scores(step: Step, shape: tuple[int, ...], count: int | None) -> None:
    def shape_of(name: str | None) -> Sequence[int]:
        return {"scores": shape}[name or ""]

    assert step.class_count(shape_of) == count
