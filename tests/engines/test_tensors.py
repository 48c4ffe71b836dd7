"""Concrete arrays against declared tensors."""

import numpy as np
import pytest

from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import Axis, BucketedAxis
from inference_core.engines.tensors import check_inputs, describe_shape, fits, warm_up_inputs
from inference_core.errors import EngineError

SIDES = BucketedAxis(sizes=(4, 8))


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((1, 3), (1, 3), True),
        ((2, 3), (1, 3), False),
        ((7, 3), ("batch", 3), True),
        ((0, 3), ("batch", 3), False),
        ((1, 4), (1, SIDES), True),
        ((1, 8), (1, SIDES), True),
        ((1, 6), (1, SIDES), False),
        ((1, 3, 1), (1, 3), False),
        ((1,), (1, 3), False),
        ((), (), True),
    ],
)
def test_a_shape_fits_when_every_axis_allows_its_size(
    shape: tuple[int, ...], axes: tuple[Axis, ...], expected: bool
) -> None:
    assert fits(shape, axes) is expected


def test_a_shape_is_described_with_names_sizes_and_choices() -> None:
    assert describe_shape(("batch", 3, BucketedAxis(sizes=(224, 256)), 224)) == "[batch, 3, 224|256, 224]"


def test_shapes_only_the_pipeline_knows_are_left_to_it() -> None:
    image = TensorSpec(name="image", dtype="float32", shape=(1, 3, "height", "width"))
    assert list(warm_up_inputs([image])) == []


def test_warm_up_gives_zeros_in_every_combination_of_sizes() -> None:
    image = TensorSpec(name="image", dtype="uint8", shape=("batch", SIDES, SIDES))
    length = TensorSpec(name="length", dtype="float32", shape=(2,))
    feeds = list(warm_up_inputs([image, length]))
    assert [feed["image"].shape for feed in feeds] == [(1, 4, 4), (1, 4, 8), (1, 8, 4), (1, 8, 8)]
    assert {(feed["image"].dtype.name, feed["length"].dtype.name) for feed in feeds} == {("uint8", "float32")}
    assert {feed["length"].shape for feed in feeds} == {(2,)}
    assert not any(value.any() for feed in feeds for value in feed.values())


@pytest.mark.parametrize(
    ("names", "got"), [(["other"], "other"), ([], "none"), (["image", "extra"], "extra, image"), (["Image"], "Image")]
)
def test_inputs_of_other_names_are_refused(names: list[str], got: str) -> None:
    spec = TensorSpec(name="image", dtype="float32", shape=(1,))
    with pytest.raises(EngineError) as caught:
        check_inputs({name: np.zeros(1, np.float32) for name in names}, [spec])
    assert (caught.value.message, caught.value.got, caught.value.expected) == (
        "the inputs are not those of the model",
        got,
        "image",
    )


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (np.zeros((1, 4), np.float64), "float64 [1, 4]"),
        (np.zeros((1, 4), np.uint8), "uint8 [1, 4]"),
        (np.zeros((1, 5), np.float32), "float32 [1, 5]"),
        (np.zeros((0, 4), np.float32), "float32 [0, 4]"),
        (np.zeros(4, np.float32), "float32 [4]"),
    ],
)
def test_an_input_of_another_dtype_or_shape_is_refused(value: np.ndarray, got: str) -> None:
    spec = TensorSpec(name="image", dtype="float32", shape=("batch", SIDES))
    with pytest.raises(EngineError) as caught:
        check_inputs({"image": value}, [spec])
    assert (caught.value.message, caught.value.got, caught.value.expected) == (
        "input image does not fit the model",
        got,
        "float32 [batch, 4|8]",
    )
