"""What the trial run refuses, and with which facts."""

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inference_core.errors import PackError
from inference_core.packing import pack_model
from inference_core.tasks import ImageSize
from tests.models import DETECTOR_RECIPE, write_classifier, write_detector
from tests.packing.bench import Bench, channel_weights, matmul
from tests.pictures import plain


def refusal(bench: Bench) -> tuple[str, str | None, str | None]:
    """Packs in vain: message, got and expected. Nothing may be left behind."""
    before = bench.left()
    with pytest.raises(PackError) as caught:
        bench.pack()
    assert bench.left() == before
    return caught.value.message, caught.value.got, caught.value.expected


@pytest.mark.parametrize(
    ("old", "new", "got"),
    [
        ("width = 8", "width = 9", "float32 [1, 3, 8, 9]"),
        ('dtype = "float32", scale = 0.00392156862745098', 'dtype = "uint8"', "uint8 [1, 3, 8, 8]"),
        ('dtype = "float32"', 'dtype = "float16"', "float16 [1, 3, 8, 8]"),
        ('layout = "NCHW"', 'layout = "NHWC"', "float32 [1, 8, 8, 3]"),
        ('color = "RGB"', 'color = "GRAY"', "float32 [1, 1, 8, 8]"),
    ],
)
def test_a_tensor_that_the_model_does_not_take_is_refused(bench: Bench, old: str, new: str, got: str) -> None:
    bench.change_recipe(old, new)
    assert refusal(bench) == (
        "the preprocessing steps do not give what input images takes",
        got,
        "float32 [batch, 3, 8, 8]",
    )


@pytest.mark.parametrize("names", ["red\ngreen", "red\ngreen\nblue\nblack"])
def test_labels_must_be_as_many_as_the_classes(bench: Bench, names: str) -> None:
    bench.labels.write_text(names)
    count = names.count("\n") + 1
    assert refusal(bench) == (
        "the labels do not fit the model",
        f"{count} labels",
        "3, one for each class that step softmax reads",
    )


def test_labels_of_a_detector_are_counted_in_its_scores(bench: Bench) -> None:
    bench.model = write_detector(bench.model)
    bench.recipe.write_text(DETECTOR_RECIPE)
    assert refusal(bench) == (
        "the labels do not fit the model",
        "3 labels",
        "2, one for each class that step boxes reads",
    )


def test_the_background_is_no_class_that_needs_a_label(bench: Bench) -> None:
    bench.model = write_detector(bench.model)
    bench.recipe.write_text(DETECTOR_RECIPE.replace('op = "boxes"', 'op = "boxes", background = true'))
    assert refusal(bench) == (
        "the labels do not fit the model",
        "3 labels",
        "1, one for each class that step boxes reads",
    )
    bench.labels.write_text("cat")
    assert bench.pack(images=[]).manifest.labels[0].name == "cat"


@pytest.mark.parametrize(
    ("old", "new", "step", "reason"),
    [
        (
            'op = "softmax"',
            'op = "softmax", output = "probs"',
            "softmax",
            "there is no output 'probs': the model has logits",
        ),
        (
            'op = "tensor"',
            'op = "tensor", input = "pic"',
            "tensor",
            "there is no input 'pic': the model has images",
        ),
    ],
)
def test_a_step_that_names_an_absent_tensor_is_refused(
    bench: Bench, old: str, new: str, step: str, reason: str
) -> None:
    bench.change_recipe(old, new)
    with pytest.raises(PackError) as caught:
        bench.pack()
    assert str(caught.value) == (
        f"step {step}: {reason}\n  remedy: name the tensor of the model in that step of the recipe"
    )


def add_input(bench: Bench) -> None:
    """Gives the model a second input, `gain`, that scales the logits."""
    model = onnx.load(str(bench.model))
    model.graph.node[-1].output[0] = "plain"
    model.graph.node.append(helper.make_node("Mul", ["plain", "gain"], ["logits"]))
    model.graph.input.append(helper.make_tensor_value_info("gain", TensorProto.FLOAT, [1]))
    bench.model.write_bytes(model.SerializeToString())


def test_a_second_input_is_refused(bench: Bench) -> None:
    add_input(bench)
    assert refusal(bench)[0] == "step tensor: the model has 2 inputs (images, gain): name the input to use"
    bench.change_recipe('op = "tensor"', 'op = "tensor", input = "images"')
    assert refusal(bench) == ("the model has inputs that no step feeds", "gain", "only images")


def test_a_model_that_mixes_the_images_of_a_batch_is_refused(bench: Bench) -> None:
    model = onnx.load(str(bench.model))
    model.graph.node[-1].output[0] = "each"
    model.graph.node.append(helper.make_node("ReduceMax", ["each"], ["logits"], axes=[0], keepdims=1))
    bench.model.write_bytes(model.SerializeToString())
    assert refusal(bench) == (
        "the trial run failed: model output logits has no batch axis",
        "float32 [1, 3]",
        "3 on axis 0, one for each image of the batch",
    )


def test_a_model_that_gives_no_numbers_is_refused(bench: Bench) -> None:
    write_classifier(bench.model, scale=math.nan)
    assert refusal(bench) == (
        "the trial run failed: model output logits holds values that are not finite",
        "NaN or infinity",
        "finite numbers",
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (plain((1, 2, 3), 64, 64)[:-40], "the PNG file cannot be decoded"),
        (b"", "the image is empty"),
        (b"GIF89a", "the bytes are not an image of a known format"),
    ],
)
def test_a_broken_trial_picture_is_named_by_its_place(bench: Bench, data: bytes, reason: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(plain((255, 0, 0)))
    bad.write_bytes(data)
    with pytest.raises(PackError) as caught:
        bench.pack(images=[good, bad])
    assert caught.value.message == f"trial picture 2 cannot be used: {reason}"
    assert not bench.target.exists()


def test_the_given_pictures_are_tried_in_order(bench: Bench, tmp_path: Path) -> None:
    colors = {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0)}
    paths = [tmp_path / f"{name}.png" for name in colors]
    for path, color in zip(paths, colors.values(), strict=True):
        path.write_bytes(plain(color))
    results = bench.pack(images=paths).results
    assert [result.predictions[0].label for result in results] == list(colors)


@pytest.mark.parametrize("batch", [1, 2, 4, "batch"])
def test_generated_pictures_are_tried_whatever_the_batch_axis(bench: Bench, batch: int | str) -> None:
    write_classifier(bench.model, batch=batch)
    packed = bench.pack(images=[])
    assert [result.image for result in packed.results] == [ImageSize(640, 480), ImageSize(375, 500), ImageSize(31, 17)]
    assert packed.manifest.artifacts[0].inputs[0].shape == (batch, 3, 8, 8)


def test_a_half_precision_model_is_fed_half_precision(bench: Bench) -> None:
    matmul(bench.model, channel_weights(np.float16), dtype=TensorProto.FLOAT16)
    bench.change_recipe('dtype = "float32"', 'dtype = "float16"')
    target = bench.folder / "half"
    manifest = pack_model(bench.model, str(bench.recipe), target).manifest
    [artifact] = manifest.artifacts
    assert (artifact.precision, artifact.inputs[0].dtype, artifact.outputs[0].dtype) == ("fp16", "float16", "float16")
