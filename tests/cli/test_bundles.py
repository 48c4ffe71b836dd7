"""The commands that look at bundles."""

import shutil
from pathlib import Path

import orjson
import pytest

from inference_core.bundle import open_bundle
from inference_core.settings import settings_table
from inference_core.zoo import label_lists, recipe_names, recipe_path
from tests.assets import ROOT
from tests.cli.conftest import Command


def content(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def bundle(tiny_models: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_models / "tiny_classifier", tmp_path / "copy"))


def test_a_whole_bundle_is_as_packed(satchel: Command, bundle: Path) -> None:
    answer = satchel("verify", bundle)
    size = (bundle / "model.onnx").stat().st_size
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (f"{bundle}: 1 files, {size} bytes, as packed\nmanifest sha256 {open_bundle(bundle).digest}\n")


def test_a_tampered_bundle_is_refused(satchel: Command, bundle: Path) -> None:
    model = bundle / "model.onnx"
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    answer = satchel("verify", bundle)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: model.onnx in {bundle} is not the file that was packed\n  got: ")


def test_json_is_the_manifest_as_it_lies_there(satchel: Command, bundle: Path) -> None:
    answer = satchel("inspect", bundle, "--json")
    assert (answer.code, answer.out) == (0, (bundle / "bundle.json").read_text())


def test_a_bundle_is_shown_with_tensors_steps_and_files(satchel: Command, bundle: Path) -> None:
    answer = satchel("inspect", bundle)
    assert answer.code == 0
    assert answer.out.startswith("tiny_classifier 1: classification, tiny, MIT\n3 labels: red, green, blue\n")
    rows = [" ".join(line.replace("│", " ").split()) for line in answer.out.splitlines()]
    assert "onnxruntime fp32 in images float32 [batch, 3, 8, 8]" in rows
    assert "onnxruntime fp32 out logits float32 [batch, 3]" in rows
    assert "top k=2" in rows
    record = open_bundle(bundle).manifest.files["model.onnx"]
    assert f"model.onnx {record.bytes} {record.sha256[:16]}" in rows


def test_labels_are_shown_as_they_are_and_shortened_after_eight(satchel: Command, bundle: Path) -> None:
    manifest = orjson.loads((bundle / "bundle.json").read_bytes())
    names = ["[/]", "[red]", ":dog:", "\\", *(f"a label of some length {n}" for n in range(5))]
    manifest["labels"] = [{"id": index, "name": name} for index, name in enumerate(names)]
    (bundle / "bundle.json").write_bytes(orjson.dumps(manifest))
    answer = satchel("inspect", bundle)
    assert answer.code == 0
    assert answer.out.splitlines()[1] == f"9 labels: {', '.join(names[:8])}, ..."


def test_an_archive_unpacks_to_the_same_bundle(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    first, second, folder = tmp_path / "a.satchel", tmp_path / "b.satchel", tmp_path / "deep" / "unpacked"
    answer = satchel("archive", bundle, first)
    assert (answer.code, answer.out) == (0, f"{first}: {first.stat().st_size} bytes\n")
    assert satchel("unpack", first, folder).out == f"{folder}\n"
    assert content(folder) == content(bundle)
    assert satchel("archive", folder, second).code == 0
    assert second.read_bytes() == first.read_bytes()
    assert satchel("verify", second).code == 0


@pytest.mark.parametrize("name", ["there.satchel", "bundle.zip"])
def test_an_archive_is_written_only_to_a_new_satchel_file(
    satchel: Command, bundle: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there.satchel").write_text("mine")
    answer = satchel("archive", bundle, tmp_path / name)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: ") and str(tmp_path / name) in answer.err.splitlines()[0]
    assert (tmp_path / "there.satchel").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "there.satchel"]


def test_only_satchel_files_are_unpacked(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    answer = satchel("unpack", bundle, tmp_path / "new")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"error: {bundle} is not a .satchel file\n  expected: one, ending in .satchel\n  remedy: correct the path\n"
    )
    assert not (tmp_path / "new").exists()


def test_unpacking_never_touches_what_is_there(satchel: Command, bundle: Path, tmp_path: Path) -> None:
    satchel("archive", bundle, tmp_path / "a.satchel")
    before = content(bundle)
    answer = satchel("unpack", tmp_path / "a.satchel", bundle)
    assert (answer.code, answer.err.splitlines()[0]) == (1, f"error: {bundle} exists")
    assert content(bundle) == before


def test_the_schema_is_the_committed_one(satchel: Command) -> None:
    answer = satchel("schema")
    assert (answer.code, answer.out) == (0, (ROOT / "inference_core/bundle/bundle.schema.json").read_text())


def test_the_settings_are_the_documented_table(satchel: Command) -> None:
    answer = satchel("settings")
    assert (answer.code, answer.out) == (0, f"{settings_table()}\n")
    assert "| `SATCHEL_MAX_PIXELS` | `50000000` | largest image, width x height |" in answer.out.splitlines()


def test_recipes_and_label_lists_are_named_with_their_files(satchel: Command) -> None:
    lines = [line.split() for line in satchel("recipes").out.splitlines()]
    assert [line for line in lines if line[0] == "recipe"] == [
        ["recipe", name, str(recipe_path(name))] for name in recipe_names()
    ]
    lists = [line for line in lines if line[0] == "labels"]
    assert [name for _, name in lists] == label_lists()
