"""Which preprocessing chains a manifest may hold."""

from typing import Any

import pytest

from inference_core.bundle.preprocess import Decode, ToTensor
from inference_core.errors import ManifestError
from tests.bundle.documents import changed, parse

FAMILY = "nearest and legacy pixel centres exist only with antialias false"
PLAIN = "a uint8 tensor takes the levels as they are: no scale, mean or std"
COLOR: dict[str, Any] = {"op": "decode"}
GRAY = {"op": "decode", "color": "GRAY"}
TENSOR: dict[str, Any] = {"op": "tensor"}
PAD = {"op": "pad", "multiple": 32}
THREE = [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("chain", "problem"),
    [
        ([], "preprocess must begin with decode and end with tensor, it is []"),
        ([COLOR], "preprocess must begin with decode and end with tensor, it is ['decode']"),
        ([TENSOR, COLOR], "preprocess must begin with decode and end with tensor, it is ['tensor', 'decode']"),
        (
            [COLOR, TENSOR, PAD],
            "preprocess must begin with decode and end with tensor, it is ['decode', 'tensor', 'pad']",
        ),
        ([COLOR, GRAY, TENSOR], "preprocess must have one decode and one tensor step"),
        ([COLOR, TENSOR, TENSOR], "preprocess must have one decode and one tensor step"),
        ([COLOR, TENSOR | {"mean": [0.5]}], "RGB has 3 channels, mean has 1 values"),
        ([COLOR | {"color": "BGR"}, TENSOR | {"std": [0.5]}], "BGR has 3 channels, std has 1 values"),
        ([GRAY, TENSOR | {"mean": THREE}], "GRAY has 1 channels, mean has 3 values"),
        ([GRAY | {"color": "Y"}, TENSOR | {"std": THREE}], "Y has 1 channels, std has 3 values"),
    ],
)
def test_a_chain_that_cannot_run_is_refused_with_the_reason(chain: list[object], problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("preprocess", chain))
    assert caught.value.message == f"bundle.json: {problem}"


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({"dtype": "uint8", "scale": 0.5}, PLAIN),
        ({"dtype": "uint8", "mean": THREE}, PLAIN),
        ({"dtype": "uint8", "std": THREE}, PLAIN),
        ({"std": [1, 1, 0]}, "every std must be above 0"),
        ({"std": [1, -1, 1]}, "every std must be above 0"),
        ({"mean": [1], "std": THREE}, "mean and std must have the same number of channels"),
    ],
)
def test_tensor_arithmetic_that_makes_no_sense_is_refused(step: dict[str, Any], problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("preprocess/2", TENSOR | step))
    assert caught.value.message == f"bundle.json: preprocess[2]: {problem}"


# Which (antialias, pixel_centers) exist for each algorithm, written out as a table of its own.
EXISTING = {
    "nearest": {(False, "half"), (False, "legacy")},
    "bilinear": {(True, "half"), (False, "half"), (False, "legacy")},
    "box": {(True, "half")},
    "bicubic": {(True, "half")},
    "lanczos": {(True, "half")},
}


@pytest.mark.parametrize("resample", EXISTING)
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("centers", ["half", "legacy"])
@pytest.mark.parametrize("op", [{"op": "resize", "width": 8, "height": 8}, {"op": "resize_short", "length": 8}])
def test_only_resampling_that_some_library_does_can_be_said(
    op: dict[str, Any], centers: str, antialias: bool, resample: str
) -> None:
    tree = changed("preprocess/1", op | {"resample": resample, "antialias": antialias, "pixel_centers": centers})
    if (antialias, centers) in EXISTING[resample]:
        assert parse(tree).preprocess[1].model_dump()["resample"] == resample
        return
    with pytest.raises(ManifestError) as caught:
        parse(tree)
    problem = FAMILY if antialias else f"{resample} exists only with antialias true"
    assert caught.value.message == f"bundle.json: preprocess[1]: {problem}"


def test_what_a_step_leaves_out_has_the_documented_meaning() -> None:
    letterbox = {"op": "letterbox", "width": 4, "height": 4}
    chain = [
        COLOR,
        letterbox,
        {"op": "crop", "width": 2, "height": 2},
        PAD,
        {"op": "resize_short", "length": 9},
        TENSOR,
    ]
    filled = [step.model_dump() for step in parse(changed("preprocess", chain)).preprocess]
    resampling = {"resample": "bilinear", "antialias": True, "pixel_centers": "half"}
    assert filled == [
        COLOR | {"color": "RGB", "exif": True, "mode": "exact"},
        letterbox | resampling | {"anchor": "center", "fill": 114, "upscale": True, "rounding": "floor"},
        chain[2] | {"anchor": "center", "rounding": "half_even", "fill": 0},
        PAD | {"anchor": "top-left", "fill": 0},
        chain[4] | resampling | {"limit": None, "rounding": "floor"},
        TENSOR | {"input": None, "layout": "NCHW", "dtype": "float32", "scale": 1.0, "mean": None, "std": None},
    ]


def test_a_gray_chain_takes_one_mean_and_a_colour_chain_three() -> None:
    gray = parse(changed("preprocess", [GRAY, TENSOR | {"mean": [7], "std": [2]}])).preprocess
    color = parse(changed("preprocess", [COLOR, TENSOR | {"mean": THREE, "std": [1, 2, 3]}])).preprocess
    assert gray == (Decode(color="GRAY"), ToTensor(mean=(7.0,), std=(2.0,)))
    assert color == (Decode(), ToTensor(mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0)))
