"""Triton's model repository: its configuration, read by protobuf, is that of the artifact."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from inference_core.bundle import open_bundle
from inference_core.errors import ExportError
from inference_core.export.choice import Backend, Choice, Server, Split
from inference_core.export.triton import write_triton
from tests.bundle.test_writer import tree
from tests.export.bundles import IMAGES, LOGITS, SAVED_MODEL, artifact, bundle, tuning


def export(folder: Path, *artifacts: dict[str, Any], files: list[str] | None = None, **options: Any) -> Any:
    """The configuration of a bundle of these, as protobuf reads it. What is no option of the choice is a fact."""
    chosen = {key: options.pop(key) for key in ("backend", "engine", "split") if key in options}
    opened = bundle(folder, *artifacts, files=files, **options)
    write_triton(Choice.of(opened, Server.TRITON, **chosen), folder / "out")
    text = (folder / "out" / "config.pbtxt").read_text()
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def tensors(specs: Any) -> list[tuple[str, str, list[int]]]:
    return [(spec.name, model_config_pb2.DataType.Name(spec.data_type), list(spec.dims)) for spec in specs]


def test_a_dynamic_batch_is_tritons_to_count(tmp_path: Path) -> None:
    config = export(tmp_path, artifact())
    assert (config.name, config.backend, config.platform) == ("tiny", "onnxruntime", "onnxruntime_onnx")
    assert (config.default_model_filename, config.max_batch_size) == ("model.onnx", 32)
    assert tensors(config.input) == [("images", "TYPE_FP32", [3, 6, 8])]
    assert tensors(config.output) == [("logits", "TYPE_FP32", [2])]
    assert not config.HasField("dynamic_batching")  # nobody measured that it pays
    [group] = config.instance_group
    assert (group.count, group.kind) == (1, model_config_pb2.ModelInstanceGroup.KIND_AUTO)
    assert tree(tmp_path / "out").keys() == {"config.pbtxt", "labels.txt", "1/model.onnx"}


def test_it_says_which_artifact_it_is(tmp_path: Path) -> None:
    export(tmp_path, artifact())
    first = (tmp_path / "out" / "config.pbtxt").read_text().splitlines()[0]
    assert first == f"# {Choice.of(open_bundle(tmp_path / 'tiny'), Server.TRITON).origin}"


@pytest.mark.parametrize(
    ("images", "logits", "dims", "counts"),
    [
        ([1, 3, 6, 8], [1, 2], [1, 3, 6, 8], [1, 2]),
        ([{"sizes": [1, 4]}, 3, 6, 8], ["batch", 2], [-1, 3, 6, 8], [-1, 2]),
        (["batch", 3, 6, 8], ["batch"], [-1, 3, 6, 8], [-1]),
        (["batch", 3, 6, 8], ["found", 2], [-1, 3, 6, 8], [-1, 2]),
        ([1, 3, "height", "width"], [1, 2], [1, 3, -1, -1], [1, 2]),
    ],
    ids=["fixed", "bucketed", "nothing else", "another axis", "sizes"],
)
def test_any_other_batch_is_an_axis_like_the_rest(
    tmp_path: Path, images: list[Any], logits: list[Any], dims: list[int], counts: list[int]
) -> None:
    config = export(tmp_path, artifact(inputs=[IMAGES | {"shape": images}], outputs=[LOGITS | {"shape": logits}]))
    assert config.max_batch_size == 0
    assert tensors(config.input) == [("images", "TYPE_FP32", dims)]
    assert tensors(config.output) == [("logits", "TYPE_FP32", counts)]


def test_batches_are_formed_as_large_as_was_measured_best(tmp_path: Path) -> None:
    measured = tuning("onnxruntime", batch=64, batch_images_per_second=900.0)
    config = export(tmp_path, artifact(), tuning=measured)
    assert list(config.dynamic_batching.preferred_batch_size) == [64]
    assert (config.max_batch_size, config.instance_group[0].count) == (64, 3)


def test_where_batches_were_measured_not_to_pay_none_are_formed(tmp_path: Path) -> None:
    config = export(tmp_path, artifact(), tuning=tuning("onnxruntime", batch_reason="slower"))
    assert not config.HasField("dynamic_batching")
    assert config.max_batch_size == 32


def test_every_declared_shape_is_warmed_up(tmp_path: Path) -> None:
    bucketed = IMAGES | {"shape": [1, 3, {"sizes": [6, 12]}, 8], "dtype": "uint8"}
    config = export(tmp_path, artifact(inputs=[bucketed], outputs=[LOGITS | {"shape": [1, 2]}]))
    assert [sample.batch_size for sample in config.model_warmup] == [1, 1]
    zeros = [sample.inputs["images"] for sample in config.model_warmup]
    assert [list(zero.dims) for zero in zeros] == [[1, 3, 6, 8], [1, 3, 12, 8]]
    assert all(zero.zero_data and zero.data_type == model_config_pb2.TYPE_UINT8 for zero in zeros)


def test_triton_adds_the_batch_of_a_warm_up(tmp_path: Path) -> None:
    [sample] = export(tmp_path, artifact()).model_warmup
    assert (sample.batch_size, list(sample.inputs["images"].dims)) == (1, [3, 6, 8])


def test_sizes_that_only_pictures_tell_are_not_warmed_up(tmp_path: Path) -> None:
    config = export(tmp_path, artifact(inputs=[IMAGES | {"shape": ["batch", 3, "height", 8]}]))
    assert not config.model_warmup


def test_a_classifiers_output_has_its_labels(tmp_path: Path) -> None:
    config = export(tmp_path, artifact())
    assert config.output[0].label_filename == "labels.txt"
    assert (tmp_path / "out" / "labels.txt").read_text() == "cat\nhair drier\n"


def test_labels_stand_where_the_output_has_them(tmp_path: Path) -> None:
    labels = [{"id": 1, "name": "cat", "index": 3}, {"id": 2, "name": "dog", "index": 1}]
    export(tmp_path, artifact(), labels=labels)
    assert (tmp_path / "out" / "labels.txt").read_text() == "-\ndog\n-\ncat\n"


NATIVE = artifact(inputs=[IMAGES | {"native": "images:0"}], outputs=[LOGITS | {"native": "top/logits:0"}])


def test_backends_that_know_the_models_own_names_get_those(tmp_path: Path) -> None:
    config = export(tmp_path, NATIVE)
    assert [tensor.name for tensor in (*config.input, *config.output)] == ["images:0", "top/logits:0"]
    assert list(config.model_warmup[0].inputs) == ["images:0"]


def test_a_program_of_ours_has_our_names_and_knows_the_others(tmp_path: Path) -> None:
    config = export(tmp_path, NATIVE, backend=Backend.PYTHON, tuning=tuning("onnxruntime"))
    assert (config.backend, config.platform, config.default_model_filename) == ("python", "", "")
    assert [tensor.name for tensor in (*config.input, *config.output)] == ["images", "logits"]
    parameters = {key: value.string_value for key, value in config.parameters.items()}
    names = {"input": {"images": "images:0"}, "output": {"logits": "top/logits:0"}}
    assert json.loads(parameters.pop("names")) == names
    assert parameters == {"model": "model.onnx", "threads": "2"}
    [group] = config.instance_group
    assert (group.count, group.kind) == (3, model_config_pb2.ModelInstanceGroup.KIND_CPU)
    assert tree(tmp_path / "out").keys() == {"config.pbtxt", "labels.txt", "1/model.onnx", "1/model.py"}


def test_torchscript_has_places_for_names(tmp_path: Path) -> None:
    config = export(tmp_path, artifact("torchscript", "model.pt"))
    assert (config.backend, config.platform) == ("pytorch", "pytorch_libtorch")
    assert [tensor.name for tensor in (*config.input, *config.output)] == ["INPUT__0", "OUTPUT__0"]


def test_openvino_gets_its_weights_too(tmp_path: Path) -> None:
    ir = artifact("openvino", "model.xml", companions=["model.bin"])
    config = export(tmp_path, ir, files=["model.xml", "model.bin"])
    assert (config.backend, config.platform, config.default_model_filename) == ("openvino", "", "model.xml")
    assert {"1/model.xml", "1/model.bin"} < tree(tmp_path / "out").keys()


def test_tensorflow_gets_a_saved_model(tmp_path: Path) -> None:
    config = export(tmp_path, artifact("tensorflow", "saved"), files=SAVED_MODEL)
    assert (config.backend, config.platform) == ("tensorflow", "tensorflow_savedmodel")
    assert config.default_model_filename == "saved"
    assert {f"1/{name}" for name in SAVED_MODEL} < tree(tmp_path / "out").keys()


@pytest.mark.parametrize("file", ["model.pb", "model.tflite"])
def test_tensorflow_gets_nothing_else(tmp_path: Path, file: str) -> None:
    with pytest.raises(ExportError, match=rf"^Triton's backend tensorflow does not get {file} from here\n"):
        export(tmp_path, artifact("tensorflow", file))


def test_for_pictures_it_gets_the_bundle_with_the_chosen_artifact(tmp_path: Path) -> None:
    config = export(tmp_path, artifact("openvino", "model.xml"), artifact(), engine="onnxruntime", split=Split.IMAGE)
    assert (config.backend, config.max_batch_size) == ("python", 0)
    assert tensors(config.input) == [("image", "TYPE_STRING", [-1])]
    assert tensors(config.output) == [("result", "TYPE_STRING", [-1])]
    assert config.parameters["bundle"].string_value == "bundle"
    with open_bundle(tmp_path / "out" / "1" / "bundle") as held:
        assert [each.engine for each in held.manifest.artifacts] == ["onnxruntime"]
    assert (tmp_path / "out" / "1" / "model.py").is_file()
