"""TensorFlow models of every kind: what is refused, and what the packer reads off real ones."""

from pathlib import Path
from typing import Any

import pytest

from inference_core.packing.apart import Apart
from inference_core.packing.recipe import read_recipe
from inference_core.packing.tensorflow.graph import inspect_tensorflow
from tests.assets import ASSETS, needs_assets
from tests.packages import needs_tensorflow
from tests.packing.tensorflow.bench import ANY_SIZE, NAMED, Inspect, changed, refused, tensors

MODELS = ASSETS / "models"
COCO_OUTPUTS = [
    ("detection_boxes", ["batch", 100, 4]),
    ("detection_scores", ["batch", 100]),
    ("detection_classes", ["batch", 100]),
    ("num_detections", ["batch"]),
]


@needs_tensorflow
@pytest.mark.parametrize(
    ("case", "changes", "message", "got", "expected"),
    [
        (
            "variables",
            [],
            "{path} was not frozen: its weights are variables, kept elsewhere",
            "new, old",
            None,
        ),
        (
            "frozen_without_input",
            [],
            "{path} has no output that depends on an input",
            "inputs none; loose ends one, two",
            "a placeholder, and a tensor computed from it",
        ),
        (
            "frozen",
            [(NAMED[0], NAMED[1].replace("logits", "logit"))],
            "the graph has no output 'logit'",
            "logit",
            "logits",
        ),
        ("frozen", [('"tensor"', '"tensor", input = "left"')], "the graph has no input 'left'", "left", "image"),
        ("saved", [('"softmax"', '"softmax", output = "x"')], "the model has no output 'x'", "x", "extra, logits"),
        ("saved", [('"tensor"', '"tensor", input = "im"')], "the model has no input 'im'", "im", "image"),
        (
            "frozen_complex",
            [],
            "the model's tensor waves is of a type that no step reads or writes",
            "complex64",
            "float32, float16, bfloat16, float64, uint8, int8, int32, int64, bool, string",
        ),
        (
            "frozen_changing_rank",
            [ANY_SIZE],
            "output rows changes its number of axes with the picture",
            "[921600], [1, 562500], [1581]",
            None,
        ),
        (
            "saved_two_others",
            [],
            "{path} has several signatures to choose from",
            "classify, predict",
            "one, or one that is called serving_default",
        ),
        (
            "saved_without_signature",
            [],
            "{path} has no signature to choose from",
            "none",
            "one, or one that is called serving_default",
        ),
        ("saved_for_training", [], "{path} has no graph to serve", "graphs tagged gpu+train", "one tagged serve"),
        ("saved_sparse", [], "the signature's tensor 'few' is in parts", "coo_sparse", "dense tensors"),
        ("lite_two", [], "{path} has several signatures to choose from", "predict, serving_default", "one"),
        (
            "lite_integers",
            [],
            "{path} has quantized outputs, whose numbers mean nothing to a step",
            "logits",
            "outputs in float32",
        ),
    ],
)
def test_a_model_that_cannot_be_served_is_refused(
    inspect: Inspect,
    tmp_path: Path,
    case: str,
    changes: list[tuple[str, str]],
    message: str,
    got: str,
    expected: str | None,
) -> None:
    error = refused(lambda: inspect(case, *changes))
    assert (error.message, error.got, error.expected) == (message.format(path=tmp_path / "model"), got, expected)


@needs_tensorflow
@pytest.mark.parametrize(("case", "got"), [("frozen_unknown_operators", "Deskew, Warp"), ("lite_custom", "Cholesky")])
def test_operators_that_are_not_there_are_named(inspect: Inspect, case: str, got: str) -> None:
    error = refused(lambda: inspect(case))
    assert error.got == got
    assert "does not have" in error.message or "do not have" in error.message


@needs_tensorflow
@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"version https://git-lfs.github.com/spec/v1", "a file that starts with b'version https://'"),
        (b"", "a file that starts with b''"),
        (b"\x0a\xff\xff", "a file that starts with b'\\n\\xff\\xff'"),
    ],
)
def test_what_is_not_a_graph_is_refused(tensorflow: Apart, tmp_path: Path, data: bytes, got: str) -> None:
    path = tmp_path / "frozen.pb"
    path.write_bytes(data)
    arguments: dict[str, Any] = {"path": str(path), "image": None, "outputs": []}
    target = "inference_core.packing.tensorflow.job:read_frozen"
    error = refused(lambda: tensorflow.call("run", target=target, arguments=arguments))
    assert (error.message, error.got, error.expected) == (f"{path} is not a frozen graph", got, "a serialised GraphDef")


@needs_tensorflow
def test_damage_is_refused(inspect: Inspect, tensorflow: Apart, tmp_path: Path) -> None:
    recipe = changed(tmp_path)
    lite, saved = tmp_path / "m.tflite", tmp_path / "saved"
    lite.write_bytes(b"\x1c\0\0\0TFL3" + b"\xff" * 64)
    tensorflow.call("make", case="lite", path=str(tmp_path / "whole"))
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "half.tflite").write_bytes(data[: len(data) // 2])
    assert refused(lambda: inspect_tensorflow(tmp_path / "half.tflite", recipe, tmp_path)).message == (
        f"{tmp_path / 'half.tflite'} is not a usable TensorFlow Lite file"
    )
    saved.mkdir()
    (saved / "saved_model.pb").write_bytes(b"\x0a\xff")
    assert refused(lambda: inspect_tensorflow(lite, recipe, tmp_path)).message == (
        f"{lite} is not a usable TensorFlow Lite file"
    )
    assert refused(lambda: inspect_tensorflow(saved, recipe, tmp_path)).message == f"{saved} is not a SavedModel"


@pytest.mark.parametrize(
    ("name", "data", "message", "remedy"),
    [
        ("m.h5", b"\x89HDF\r\n\x1a\n", "is a Keras model", "export a SavedModel with model.export(DIRECTORY)"),
        ("m.keras", b"PK\x03\x04", "is a Keras model", "export a SavedModel with model.export(DIRECTORY)"),
        ("model.ckpt-7.index", b"", "is a checkpoint", "export a SavedModel with tf.saved_model.save"),
        ("model.ckpt-7.data-00000-of-00001", b"", "is a checkpoint", "export a SavedModel with tf.saved_model.save"),
    ],
)
def test_what_has_to_be_exported_first_is_refused(
    tmp_path: Path, name: str, data: bytes, message: str, remedy: str
) -> None:
    (tmp_path / name).write_bytes(data)
    error = refused(lambda: inspect_tensorflow(tmp_path / name, changed(tmp_path), tmp_path))
    assert error.message.startswith(f"{tmp_path / name} {message}")
    assert error.remedy is not None and error.remedy.endswith(remedy)


def test_the_stem_of_a_checkpoint_is_one(tmp_path: Path) -> None:
    (tmp_path / "weights.index").write_bytes(b"")
    error = refused(lambda: inspect_tensorflow(tmp_path / "weights", changed(tmp_path), tmp_path))
    assert error.message == f"{tmp_path / 'weights'} is a checkpoint: weights without a graph"


@pytest.mark.parametrize(("name", "got"), [("nowhere", "no such file or directory"), ("", "a directory without")])
def test_a_model_that_is_not_there_is_refused(tmp_path: Path, name: str, got: str) -> None:
    error = refused(lambda: inspect_tensorflow(tmp_path / name, changed(tmp_path), tmp_path))
    assert error.message == f"{tmp_path / name} is not a TensorFlow model"
    assert error.got is not None and error.got.startswith(got)


@needs_assets
@needs_tensorflow
@pytest.mark.assets
@pytest.mark.parametrize(
    ("model", "name", "natives"),
    [("frozen_inference_graph.pb", "image_tensor", True), ("saved_model", "input_tensor", False)],
)
def test_the_real_detector_in_a_process_of_its_own(tmp_path: Path, model: str, name: str, natives: bool) -> None:
    recipe, _ = read_recipe("ssd_mobilenet_v1")
    graph = inspect_tensorflow(MODELS / "ssd_mobilenet_v1" / model, recipe, tmp_path)
    expected = [(name, ["batch", f"{name}_axis1", f"{name}_axis2", 3]), *COCO_OUTPUTS]
    assert [(t[0], t[3]) for t in tensors(graph)] == expected
    assert [t[1] for t in tensors(graph)] == [f"{name}:0" if natives else None for name, _ in expected]
    assert graph.inputs[0]["dtype"] == "uint8"


@needs_assets
@needs_tensorflow
@pytest.mark.assets
def test_the_real_classifier_as_it_is_and_as_a_lite_file(inspect: Inspect, tensorflow: Apart, tmp_path: Path) -> None:
    recipe, _ = read_recipe("mobilenet_v2_tf")
    saved, lite = MODELS / "mobilenet_v2_tf" / "saved_model", tmp_path / "model.tflite"
    tensorflow.call("lite_of", saved=str(saved), path=str(lite))
    for path, file in ((saved, "saved_model"), (lite, "model.tflite")):
        graph = inspect_tensorflow(path, recipe, tmp_path)
        assert graph.file == file
        assert tensors(graph) == [
            ("images", None, "float32", ["batch", 224, 224, 3]),
            ("probabilities", None, "float32", ["batch", 1001]),
        ]
