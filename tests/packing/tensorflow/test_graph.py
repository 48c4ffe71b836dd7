"""TensorFlow models: what the packer reads off them, and what becomes of them in ONNX."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from inference_core.bundle import Recipe
from inference_core.errors import MissingDependencyError, PackError
from inference_core.packing.apart import Apart
from inference_core.packing.graph import ModelGraph
from inference_core.packing.recipe import read_recipe
from inference_core.packing.tensorflow import graph as tensorflow_graph
from inference_core.packing.tensorflow.graph import inspect_tensorflow, tensorflow_to_onnx
from tests.assets import ASSETS, needs_assets
from tests.packages import needs_tensorflow, needs_tf2onnx

MODELS = ASSETS / "models"
RECIPE = """
name = "tiny"
task = "classification"
architecture = "tiny"
license = "MIT"
preprocess = [
  {op = "decode"},
  {op = "resize", width = 8, height = 8},
  {op = "tensor", layout = "NHWC", scale = 0.00392156862745098},
]
postprocess = [{op = "softmax"}, {op = "top", k = 2}]
"""
NAMED = ('{op = "softmax"}', '{op = "softmax", output = "logits"}')
ANY_SIZE = ('  {op = "resize", width = 8, height = 8},\n', "")


@pytest.fixture(scope="module")
def tensorflow() -> Iterator[Apart]:
    """One process with TensorFlow for all tests."""
    with Apart(
        "tests.packing.tensorflow.models:TensorFlow",
        purpose="making models for tests",
        environment={"TF_CPP_MIN_LOG_LEVEL": "3"},
    ) as process:
        yield process


Inspect = Callable[..., ModelGraph]


@pytest.fixture
def inspect(tensorflow: Apart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspect:
    """Makes and inspects a model, with the recipe changed; jobs run in the process that is there already."""

    def run(target: str, *, purpose: str, environment: dict[str, str], **arguments: Any) -> Any:
        return tensorflow.call("run", target=target, arguments=arguments)

    monkeypatch.setattr(tensorflow_graph, "run_apart", run)

    def make(case: str, *changes: tuple[str, str]) -> ModelGraph:
        path = tmp_path / "model"
        tensorflow.call("make", case=case, path=str(path))
        (tmp_path / "scratch").mkdir()
        return inspect_tensorflow(path, changed(tmp_path, *changes), tmp_path / "scratch")

    return make


def changed(folder: Path, *changes: tuple[str, str]) -> Recipe:
    text = RECIPE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text)
    return read_recipe(str(folder / "recipe.toml"))[0]


def tensors(graph: ModelGraph) -> list[tuple[str, str | None, str, list[int | str]]]:
    return [(t["name"], t.get("native"), t["dtype"], t["shape"]) for t in graph.inputs + graph.outputs]


def refused(make: Callable[[], object]) -> PackError:
    with pytest.raises(PackError) as caught:
        make()
    return caught.value


@needs_tensorflow
def test_a_frozen_graph_has_the_end_that_depends_on_its_input(inspect: Inspect, tmp_path: Path) -> None:
    graph = inspect("frozen")
    assert tensors(graph) == [
        ("image", "image:0", "float32", ["batch", 8, 8, 3]),
        ("logits", "logits:0", "float32", ["batch", 3]),
    ]
    assert (graph.engine, graph.file, graph.path) == ("tensorflow", "model.pb", tmp_path / "model")
    assert (graph.precision, graph.companions, list(graph.provenance)) == ("fp32", [], ["tensorflow"])


@needs_tensorflow
def test_a_tensor_is_called_as_the_step_calls_it(inspect: Inspect) -> None:
    graph = inspect(
        "frozen", ('"softmax"', '"softmax", output = "Mean:0"'), ('"tensor"', '"tensor", input = "image:0"')
    )
    assert tensors(graph) == [
        ("image:0", None, "float32", ["batch", 8, 8, 3]),
        ("Mean:0", None, "float32", ["batch", 3]),
    ]


@needs_tensorflow
def test_axes_of_any_size_have_names(inspect: Inspect) -> None:
    graph = inspect("frozen_any_size", ANY_SIZE)
    assert tensors(graph) == [
        ("image", "image:0", "float32", [1, "image_axis1", "image_axis2", 3]),
        ("logits", "logits:0", "float32", [1, 3]),
    ]


@needs_tensorflow
def test_a_graph_without_ranks_is_run_for_them(inspect: Inspect) -> None:
    assert tensors(inspect("frozen_no_rank", ANY_SIZE)) == [
        ("image", "image:0", "float32", ["batch", "image_axis1", "image_axis2", 3]),
        ("logits", "logits:0", "float32", ["batch", 3]),
        ("turned", "turned:0", "float32", [3, "turned_axis1", "turned_axis2", 1]),
    ]


@needs_tensorflow
def test_a_batch_of_one_that_is_built_in_stays_fixed(inspect: Inspect) -> None:
    assert [shape for *_, shape in tensors(inspect("frozen_one_image"))] == [[1, 8, 8, 3], [3]]


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
def test_a_graph_that_fails_on_the_recipes_tensors_is_refused(inspect: Inspect) -> None:
    error = refused(lambda: inspect("frozen_one_image", ANY_SIZE))
    assert error.message.endswith("model cannot be run on float32 [1, 480, 640, 3]")
    assert error.got == "Input to reshape is a tensor with 921600 values, but the requested shape has 192"


@needs_tensorflow
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "saved",
            [
                ("image", None, "float32", ["batch", 8, 8, 3]),
                ("extra", None, "float32", ["batch"]),
                ("logits", None, "float32", ["batch", 3]),
            ],
        ),
        ("saved_other_key", [("image", None, "float32", ["batch", 8, 8, 3]), ("peaks", None, "float32", ["batch", 3])]),
        (
            "saved_v1",
            [("pictures", None, "float32", ["batch", 8, 8, 3]), ("answers", None, "float32", ["batch", 3])],
        ),
    ],
)
def test_a_saved_model_has_the_keys_of_its_signature(
    inspect: Inspect, case: str, expected: list[tuple[str, str | None, str, list[int | str]]]
) -> None:
    graph = inspect(case)
    assert tensors(graph) == expected
    assert (graph.file, graph.precision) == ("saved_model", "fp32")


@needs_tensorflow
def test_of_several_signatures_the_default_is_served_and_of_its_outputs_what_steps_name(
    inspect: Inspect, tmp_path: Path
) -> None:
    graph = inspect("saved_two", NAMED)
    assert [tensor["name"] for tensor in graph.outputs] == ["logits"]
    assert graph.path == tmp_path / "model"


@needs_tensorflow
def test_a_saved_model_among_other_files_is_taken_out(inspect: Inspect, tensorflow: Apart, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    graph = inspect("saved")
    assert graph.path == tmp_path / "scratch" / "saved_model"
    files = sorted(p.relative_to(graph.path).as_posix() for p in graph.path.rglob("*") if p.is_file())
    assert files == [
        "fingerprint.pb",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]


@needs_tensorflow
@pytest.mark.parametrize(
    ("case", "precision", "names"),
    [
        ("lite", "fp32", ["image", "logits", "extra"]),
        ("lite_plain", "fp32", ["image", "logits"]),
        ("lite_quantized", "int8", ["image", "logits"]),
    ],
)
def test_a_lite_file_has_the_names_of_its_signature_or_else_of_its_tensors(
    inspect: Inspect, case: str, precision: str, names: list[str]
) -> None:
    graph = inspect(case)
    assert (graph.file, graph.precision) == ("model.tflite", precision)
    assert [name for name, *_ in tensors(graph)] == names
    assert {native for _, native, *_ in tensors(graph)} == {None}


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


@needs_tensorflow
@needs_tf2onnx
@pytest.mark.parametrize("case", ["frozen", "saved_two", "saved_v1", "lite", "lite_plain"])
def test_onnx_keeps_names_and_axes_and_gives_the_same_numbers(inspect: Inspect, tmp_path: Path, case: str) -> None:
    source = inspect(case, *([] if case == "saved_v1" else [NAMED]))
    graph = tensorflow_to_onnx(source, tmp_path)
    assert (graph.engine, graph.file, graph.path) == ("onnxruntime", "model.onnx", tmp_path / "model.onnx")
    assert graph.provenance["opset"] == "17" and graph.provenance["tf2onnx"]
    assert [t[0:1] + t[2:] for t in tensors(graph)] == [t[0:1] + t[2:] for t in tensors(source)]
    session = ort.InferenceSession(str(graph.path), providers=["CPUExecutionProvider"])
    ends = [*session.get_inputs(), *session.get_outputs()]
    assert [(end.name, end.shape) for end in ends] == [(name, shape) for name, _, _, shape in tensors(graph)]
    pictures = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    [logits] = session.run(None, {ends[0].name: pictures})
    np.testing.assert_allclose(logits, pictures.mean((1, 2)) * 10, rtol=1e-5)


@needs_tensorflow
@needs_tf2onnx
def test_operators_without_a_counterpart_in_onnx_are_named(inspect: Inspect, tmp_path: Path) -> None:
    source = inspect("frozen_unconvertible")
    error = refused(lambda: tensorflow_to_onnx(source, tmp_path))
    assert (error.message, error.got) == ("the model uses operators that cannot be converted to ONNX", "Cholesky")


def test_tf2onnx_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    graph = ModelGraph("tensorflow", "model.pb", tmp_path / "m.pb", [], [], "fp32")
    with pytest.raises(MissingDependencyError, match="converting a TensorFlow model to ONNX needs the package tf2onnx"):
        tensorflow_to_onnx(graph, tmp_path)


COCO_OUTPUTS = [
    ("detection_boxes", ["batch", 100, 4]),
    ("detection_scores", ["batch", 100]),
    ("detection_classes", ["batch", 100]),
    ("num_detections", ["batch"]),
]


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
