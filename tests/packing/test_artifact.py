"""What the manifest says of a model, and which files of it go into a bundle."""

from dataclasses import replace
from pathlib import Path

import pytest

from inference_core.bundle import Recipe
from inference_core.errors import PackError
from inference_core.packing.artifact import artifact_facts, artifact_in_place, bundle_files, size_of
from inference_core.packing.graph import ModelGraph
from inference_core.packing.recipe import read_recipe
from tests.packing.bench import Bench


@pytest.fixture
def recipe(bench: Bench) -> Recipe:
    """That names the input its tensor is for."""
    bench.change_recipe('{op = "tensor",', '{op = "tensor", input = "images",')
    return read_recipe(str(bench.recipe))[0]


@pytest.fixture
def graph(tmp_path: Path) -> ModelGraph:
    """Two dynamic axes, a further input, and a weight file."""
    (tmp_path / "given.onnx").write_bytes(b"12345")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "w.bin").write_bytes(b"1234567")
    return ModelGraph(
        "onnxruntime",
        "model.onnx",
        tmp_path / "given.onnx",
        inputs=[
            {"name": "images", "dtype": "float32", "shape": ["batch", 3, "side", "side"]},
            {"name": "scale", "dtype": "float32", "shape": ["batch"]},
        ],
        outputs=[{"name": "logits", "dtype": "float32", "shape": ["batch", 3], "native": "logits:0"}],
        precision="fp32",
        companions=["parts/w.bin"],
    )


def directory(graph: ModelGraph, folder: Path) -> ModelGraph:
    for name, content in {"saved_model.pb": b"123", "variables/v.index": b"12", "variables/a.data": b"1"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return replace(graph, engine="tensorflow", file="saved_model", path=folder, companions=[])


def test_the_facts_are_the_graphs_and_the_layout_is_the_recipes(graph: ModelGraph, recipe: Recipe) -> None:
    assert artifact_facts(graph, recipe) == {
        **{"engine": "onnxruntime", "precision": "fp32", "file": "model.onnx", "companions": ["parts/w.bin"]},
        "inputs": [graph.inputs[0] | {"layout": "NCHW"}, graph.inputs[1]],
        "outputs": graph.outputs,
    }


def test_buckets_are_noted_wherever_an_input_has_the_axis(graph: ModelGraph, recipe: Recipe) -> None:
    facts = artifact_facts(graph, recipe, {"side": (320, 640), "batch": (1,)})
    batch, side = {"sizes": [1]}, {"sizes": [320, 640]}
    assert [spec["shape"] for spec in facts["inputs"]] == [[batch, 3, side, side], [batch]]
    assert facts["outputs"][0]["shape"] == ["batch", 3]
    assert graph.inputs[0]["shape"] == ["batch", 3, "side", "side"]


@pytest.mark.parametrize(
    ("shape", "got"), [(["batch", 3, "side", "side"], "batch, side, side, batch"), ([1, 3, 8, 8], "batch")]
)
def test_a_bucket_of_no_axis_is_refused(graph: ModelGraph, recipe: Recipe, shape: list[object], got: str) -> None:
    changed = replace(graph, inputs=[graph.inputs[0] | {"shape": shape}, graph.inputs[1]])
    with pytest.raises(PackError) as caught:
        artifact_facts(changed, recipe, {"batch": (1,), "width": (8,)})
    assert (caught.value.message, caught.value.got) == ("no input has a dynamic axis width", got)


def test_a_bucket_of_a_model_of_fixed_sizes_is_refused(graph: ModelGraph, recipe: Recipe) -> None:
    fixed = replace(graph, inputs=[{"name": "images", "dtype": "float32", "shape": [1, 3, 8, 8]}])
    with pytest.raises(PackError) as caught:
        artifact_facts(fixed, recipe, {"batch": (1,)})
    assert caught.value.got == "fixed sizes only"


def test_a_step_that_names_no_tensor_of_the_model_is_refused(graph: ModelGraph, recipe: Recipe, bench: Bench) -> None:
    bench.change_recipe('{op = "softmax"}', '{op = "softmax", output = "scores"}')
    with pytest.raises(PackError, match="step softmax: there is no output 'scores': the model has logits"):
        artifact_facts(graph, read_recipe(str(bench.recipe))[0])


def test_an_artifact_in_place_is_called_as_it_lies_there(graph: ModelGraph, recipe: Recipe) -> None:
    artifact, folder = artifact_in_place(graph, recipe)
    assert (artifact.file, artifact.companions, folder) == ("given.onnx", ("parts/w.bin",), graph.path.parent)
    assert artifact.output("logits").engine_name == "logits:0"


def test_where_it_lies_a_file_may_be_called_as_none_in_a_bundle_may(graph: ModelGraph, recipe: Recipe) -> None:
    odd = replace(graph, path=graph.path.with_name("mein Modell (größer).onnx"))
    assert artifact_in_place(odd, recipe)[0].file == "mein Modell (größer).onnx"
    assert artifact_facts(odd, recipe)["file"] == "model.onnx"


def test_files_get_the_bundles_names(graph: ModelGraph, tmp_path: Path) -> None:
    saved = directory(graph, tmp_path / "given_model")
    assert bundle_files([graph, saved]) == {
        "model.onnx": tmp_path / "given.onnx",
        "parts/w.bin": tmp_path / "parts" / "w.bin",
        "saved_model/saved_model.pb": tmp_path / "given_model" / "saved_model.pb",
        "saved_model/variables/a.data": tmp_path / "given_model" / "variables" / "a.data",
        "saved_model/variables/v.index": tmp_path / "given_model" / "variables" / "v.index",
    }


def test_two_models_may_share_a_file_but_not_a_name(graph: ModelGraph, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    shared = replace(graph, file="model.int8.onnx", precision="int8")
    assert list(bundle_files([graph, shared])) == ["model.onnx", "parts/w.bin", "model.int8.onnx"]
    elsewhere = replace(shared, path=tmp_path / "other" / "model.int8.onnx")
    with pytest.raises(PackError) as caught:
        bundle_files([graph, elsewhere])
    assert caught.value.message == "two files of the bundle would be called parts/w.bin"
    assert caught.value.got == f"{tmp_path / 'parts' / 'w.bin'} and {tmp_path / 'other' / 'parts' / 'w.bin'}"


def test_weights_may_not_be_called_as_the_graph_is_in_a_bundle(graph: ModelGraph) -> None:
    with pytest.raises(PackError, match=r"the model keeps weights in a file called model\.onnx"):
        bundle_files([replace(graph, companions=["model.onnx"])])


def test_the_size_counts_every_file(graph: ModelGraph, tmp_path: Path) -> None:
    assert size_of(graph) == 5 + 7
    assert size_of(directory(graph, tmp_path / "given_model")) == 3 + 2 + 1
