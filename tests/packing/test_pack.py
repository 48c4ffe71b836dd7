"""Packing: what a bundle holds, and that it is whole or not there."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import onnx
import onnxruntime
import pytest

from inference_core import __version__
from inference_core.bundle import TensorSpec, open_bundle
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import Array
from inference_core.engines.onnx_runtime import OnnxRuntimeEngine
from inference_core.errors import BundleError, ManifestError, PackError
from inference_core.packing import Choice, pack_model
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from tests.archives import CLASSIFIER, write_archive
from tests.models import OPSET, write_classifier
from tests.packing.bench import Bench, channel_weights, external, matmul
from tests.pictures import plain


def content(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def best_label(bundle: Path, picture: bytes) -> str:
    """The best label the bundle gives."""
    with open_bundle(bundle) as opened, LocalPredictor.load(opened) as predictor:
        [result] = predictor.predict([picture])
    assert isinstance(result, Result)
    return result.predictions[0].label


def test_a_bundle_holds_the_facts_of_model_recipe_and_labels(bench: Bench) -> None:
    manifest = bench.pack().manifest
    data = bench.model.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    [artifact] = manifest.artifacts
    assert artifact.inputs == (TensorSpec(name="images", dtype="float32", shape=("batch", 3, 8, 8), layout="NCHW"),)
    assert artifact.outputs == (TensorSpec(name="logits", dtype="float32", shape=("batch", 3)),)
    assert (artifact.engine, artifact.precision, artifact.file) == ("onnxruntime", "fp32", "model.onnx")
    assert [(label.id, label.name) for label in manifest.labels] == [(0, "red"), (1, "green"), (2, "blue")]
    assert {name: (r.sha256, r.bytes) for name, r in manifest.files.items()} == {"model.onnx": (digest, len(data))}
    assert manifest.source.sha256 == digest
    assert manifest.provenance == {
        "satchel": __version__,
        "onnxruntime": onnxruntime.__version__,
        "opset": str(OPSET),
    }
    assert open_bundle(bench.target).manifest == manifest


def test_the_same_input_gives_the_same_bytes(bench: Bench) -> None:
    bench.pack()
    moved = bench.folder / "elsewhere" / "renamed.onnx"
    moved.parent.mkdir()
    moved.write_bytes(bench.model.read_bytes())
    pack_model(moved, str(bench.recipe), bench.folder / "again", images=[bench.picture])
    assert content(bench.folder / "again") == content(bench.target)
    assert sorted(content(bench.target)) == ["bundle.json", "model.onnx"]


def test_a_target_ending_in_satchel_is_one_file_of_the_same_bundle(bench: Bench) -> None:
    first, second = bench.folder / "a.satchel", bench.folder / "b.satchel"
    manifest = bench.pack(target=first).manifest
    bench.pack(target=second)
    assert first.read_bytes() == second.read_bytes()
    with open_bundle(first) as opened:
        assert opened.manifest == manifest
    assert best_label(first, plain((0, 0, 255))) == "blue"


def test_what_is_at_the_target_is_left_alone(bench: Bench) -> None:
    bench.target.mkdir()
    (bench.target / "thesis.txt").write_text("three years")
    with pytest.raises(BundleError) as caught:
        bench.pack()
    assert str(caught.value) == (
        f"{bench.target} exists\n  expected: a new path\n  remedy: choose another path, or add --force"
    )
    assert content(bench.target) == {"thesis.txt": b"three years"}


@pytest.mark.parametrize("name", ["bundle", "bundle.satchel"])
def test_force_replaces_the_old_bundle(bench: Bench, name: str) -> None:
    target = bench.folder / name
    bench.pack(target=target)
    bench.labels.write_text("rouge\nvert\nbleu\n")
    bench.pack(target=target, force=True)
    assert best_label(target, plain((255, 0, 0))) == "rouge"
    assert bench.left() == [name]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "where",
    [
        "inference_core.packing.pack.run_trial",
        "inference_core.bundle.writer.shutil.copyfile",
        "inference_core.bundle.writer._replace",
    ],
)
def test_an_interrupted_run_leaves_everything_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str, force: bool
) -> None:
    if force:
        bench.pack()
    before = content(bench.folder)

    def interrupt(*args: object, **kwargs: object) -> NoReturn:
        raise KeyboardInterrupt

    bench.labels.write_text("rouge\nvert\nbleu\n")
    monkeypatch.setattr(where, interrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.pack(force=force)
    assert content(bench.folder) == before | {"labels.txt": b"rouge\nvert\nbleu\n"}


def test_the_engine_of_the_trial_is_closed_even_when_it_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[OnnxRuntimeEngine] = []

    def close(engine: OnnxRuntimeEngine) -> None:
        closed.append(engine)

    monkeypatch.setattr(OnnxRuntimeEngine, "close", close)
    bench.pack()
    bench.labels.write_text("red\n")
    with pytest.raises(PackError):
        bench.pack(force=True)
    assert len(closed) == 2


@pytest.mark.parametrize("constant", [False, True])
def test_external_weights_travel_with_the_bundle(bench: Bench, constant: bool) -> None:
    weights = external(channel_weights(), bench.folder, "parts/w-1.data")
    matmul(bench.model, weights, constant=constant)
    manifest = bench.pack().manifest
    (bench.folder / "parts" / "w-1.data").unlink()
    assert manifest.artifacts[0].companions == ("parts/w-1.data",)
    assert sorted(content(bench.target)) == ["bundle.json", "model.onnx", "parts/w-1.data"]
    assert best_label(bench.target, plain((0, 255, 0))) == "green"


def test_external_weights_outside_the_models_folder_are_refused(bench: Bench) -> None:
    inner = bench.folder / "inner"
    inner.mkdir()
    model = matmul(inner / "m.onnx", external(channel_weights(), inner, "../w.data"))
    with pytest.raises(PackError, match=r"m\.onnx keeps weights in a file .* of its directory"):
        pack_model(model, str(bench.recipe), bench.target)
    assert not bench.target.exists()


def test_a_recipe_may_state_the_digest_of_its_model(bench: Bench) -> None:
    digest = hashlib.sha256(bench.model.read_bytes()).hexdigest()
    bench.recipe.write_text(f'{bench.recipe.read_text()}\n[source]\nurl = "https://example.org"\nsha256 = "{digest}"\n')
    assert bench.pack().manifest.source.sha256 == digest
    write_classifier(bench.model, scale=2.0)
    other = hashlib.sha256(bench.model.read_bytes()).hexdigest()
    with pytest.raises(PackError) as caught:
        bench.pack(force=True)
    assert str(caught.value) == (
        f"{bench.model} is not the file the recipe was written for\n  got: sha256 {other}\n"
        f"  expected: sha256 {digest}\n  remedy: use that file, or remove source.sha256 from a copy of the recipe"
    )


def test_given_labels_override_the_recipes_and_start_from_here(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    here = bench.folder / "here"
    here.mkdir()
    (here / "mine.json").write_text('[{"id":1,"name":"r"},{"id":3,"name":"g"},{"id":90,"name":"b"}]')
    monkeypatch.chdir(here)
    manifest = bench.pack(labels="mine.json").manifest
    assert [(label.id, label.name) for label in manifest.labels] == [(1, "r"), (3, "g"), (90, "b")]


@pytest.mark.parametrize(
    ("labels", "message", "got"),
    [
        ('["r", 7, "b"]', "wrong value at labels[1]", "7"),
        ('[{"id":1,"name":"r"},{"id":1,"name":"g"},{"id":2,"name":"b"}]', "label id 1 is used twice", None),
        ('[{"id":-1,"name":"r"},{"id":1,"name":"g"},{"id":2,"name":"b"}]', "wrong value at labels[0].id", "-1"),
        ('[{"id":0,"nam":"r","name":"r"},{"id":1,"name":"g"}]', "unknown key labels[0].nam", '"r"'),
    ],
)
def test_label_records_are_read_as_strictly_as_a_manifest(
    bench: Bench, labels: str, message: str, got: str | None
) -> None:
    (bench.folder / "l.json").write_text(labels)
    with pytest.raises(ManifestError) as caught:
        bench.pack(labels=str(bench.folder / "l.json"))
    assert message in caught.value.message
    assert got is None or caught.value.got == got


def test_a_json_label_file_may_be_a_list_of_names(bench: Bench) -> None:
    (bench.folder / "l.json").write_text('["r", "g", "b"]')
    manifest = bench.pack(labels=str(bench.folder / "l.json")).manifest
    assert [(label.id, label.name) for label in manifest.labels] == [(0, "r"), (1, "g"), (2, "b")]


def test_force_replaces_bundles_but_no_other_directory(bench: Bench) -> None:
    bench.target.mkdir()
    (bench.target / "holiday.jpg").write_text("precious")
    with pytest.raises(BundleError, match="is a directory, but no bundle"):
        bench.pack(force=True)
    assert (bench.target / "holiday.jpg").read_text() == "precious"
    (bench.target / "holiday.jpg").unlink()
    bench.pack(force=True)
    assert bench.pack(force=True).manifest.name == "tiny_classifier"


def test_an_existing_target_is_refused_before_any_work(bench: Bench) -> None:
    bench.pack()
    stages: list[str] = []
    with pytest.raises(BundleError, match="exists"):
        bench.pack(progress=stages.append)
    assert stages == []


def test_stages_are_told_as_they_begin(bench: Bench) -> None:
    stages: list[str] = []
    tell: Callable[[str], None] = stages.append
    bench.pack(progress=tell)
    assert stages == ["reading recipe", "inspecting model", "trial run", "writing bundle"]


def test_a_model_of_an_opset_from_the_future_is_refused(bench: Bench) -> None:
    model = onnx.load(str(bench.model))
    model.opset_import[0].version = 999
    bench.model.write_bytes(model.SerializeToString())
    with pytest.raises(PackError, match=r"classifier\.onnx is of an opset that onnxruntime .* does not take"):
        bench.pack()
    assert not bench.target.exists()


def with_buckets(bench: Bench, buckets: str) -> None:
    bench.recipe.write_text(f"buckets = {buckets}\n{bench.recipe.read_text()}")


def test_each_size_of_the_buckets_is_run_and_noted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: set[tuple[int, ...]] = set()
    infer = OnnxRuntimeEngine.infer

    def note(engine: OnnxRuntimeEngine, inputs: Mapping[str, Array], **options: Any) -> dict[str, Array]:
        shapes.update(array.shape for array in inputs.values())
        return infer(engine, inputs, **options)

    monkeypatch.setattr(OnnxRuntimeEngine, "infer", note)
    with_buckets(bench, "{batch = [1, 4]}")
    [artifact] = bench.pack().manifest.artifacts
    assert artifact.input("images").shape == (BucketedAxis(sizes=(1, 4)), 3, 8, 8)
    assert artifact.output("logits").shape == ("batch", 3)
    assert {(1, 3, 8, 8), (4, 3, 8, 8)} <= shapes
    assert best_label(bench.target, plain((0, 255, 0))) == "green"


def test_buckets_need_an_axis_of_that_name(bench: Bench) -> None:
    with_buckets(bench, "{height = [8]}")
    with pytest.raises(PackError) as caught:
        bench.pack()
    assert (caught.value.message, caught.value.got) == ("no input has a dynamic axis height", "batch")
    assert not bench.target.exists()


def test_a_size_that_the_model_cannot_run_is_refused(bench: Bench) -> None:
    matmul(bench.model, channel_weights(), image=["batch", 3, "height", 8])
    with_buckets(bench, "{height = [8]}")
    assert bench.pack().manifest.artifacts[0].inputs[0].shape[2] == BucketedAxis(sizes=(8,))
    bench.change_recipe("{height = [8]}", "{height = [8, 16]}")
    with pytest.raises(PackError) as caught:
        bench.pack(force=True)
    message = "the model does not run with images [1, 3, 16, 8], which the recipe's buckets allow"
    assert (caught.value.message, caught.value.remedy) == (message, "take that size out of the recipe's buckets")
    assert "MatMul" in str(caught.value.got)
    assert open_bundle(bench.target).manifest.artifacts[0].inputs[0].shape[2] == BucketedAxis(sizes=(8,))


def test_a_picture_of_a_size_beside_the_buckets_is_refused(bench: Bench) -> None:
    matmul(bench.model, channel_weights(), image=["batch", 3, 8, "width"])
    with_buckets(bench, "{width = [8]}")
    bench.change_recipe("width = 8, height = 8", "width = 16, height = 8")
    with pytest.raises(PackError, match="the preprocessing steps do not give what input images takes") as caught:
        bench.pack()
    assert caught.value.got == "float32 [1, 3, 8, 16]"


def folded(bench: Bench) -> list[str]:
    """Operators of the bundle's graph."""
    return [node.op_type for node in onnx.load(str(bench.target / "model.onnx")).graph.node]


def test_constants_are_folded_where_that_is_asked_for(bench: Bench) -> None:
    matmul(bench.model, channel_weights(), constant=True)
    given = hashlib.sha256(bench.model.read_bytes()).hexdigest()
    manifest = bench.pack().manifest
    assert (folded(bench), manifest.files["model.onnx"].sha256) == (["Constant", "Flatten", "MatMul"], given)
    manifest = bench.pack(choice=Choice(simplify=True), force=True).manifest
    assert folded(bench) == ["Flatten", "MatMul"]
    assert (manifest.source.sha256, manifest.files["model.onnx"].sha256 != given) == (given, True)
    assert best_label(bench.target, plain((0, 255, 0))) == "green"


def test_only_onnx_models_are_simplified(bench: Bench) -> None:
    pytest.importorskip("satchel_torchscript", reason="satchel_torchscript is not built: see scripts/torchscript.sh")
    write_archive(bench.model, CLASSIFIER)
    with pytest.raises(PackError) as caught:
        bench.pack(choice=Choice(simplify=True))
    assert str(caught.value) == (
        "only ONNX models are simplified\n  got: a model for torchscript\n  remedy: leave --simplify out"
    )
