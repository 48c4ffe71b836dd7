"""Writing a bundle: the same bytes for the same input, whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle import open_bundle, write_bundle
from inference_core.bundle.writer import check_target, manifest_from
from inference_core.errors import BundleError, ManifestError
from tests.bundle.documents import DIGEST, WEIGHTS, document

FACTS = {key: value for key, value in document().items() if key != "files"}
TARGETS = ["tiny", "tiny.satchel"]


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    files = {"model.onnx": WEIGHTS, "variables/index": b"i", "a.txt": b""}
    (tmp_path / "in").mkdir()
    paths = {name: tmp_path / "in" / name.replace("/", "_") for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    return paths


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def tree(path: Path) -> dict[str, bytes]:
    """Every file at or below `path`, hidden ones too."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if not p.is_dir()]
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in files}


@pytest.mark.parametrize("name", TARGETS)
def test_a_written_bundle_opens_and_is_what_was_given(tmp_path: Path, sources: dict[str, Path], name: str) -> None:
    manifest = write_bundle(FACTS, sources, tmp_path / "out" / name)
    with open_bundle(tmp_path / "out" / name) as opened:
        assert opened.manifest == manifest
        held = {file: content for file, content in tree(opened.directory).items() if file != "bundle.json"}
    assert held == {"model.onnx": WEIGHTS, "variables/index": b"i", "a.txt": b""}
    assert manifest.files["model.onnx"].model_dump() == {"sha256": DIGEST, "bytes": 7}
    assert names_in(tmp_path / "out") == [name]


@pytest.mark.parametrize("name", TARGETS)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, sources: dict[str, Path], name: str) -> None:
    first, second = tmp_path / "one" / name, tmp_path / "two" / name
    write_bundle(FACTS, sources, first)
    for path in sources.values():
        os.utime(path, (10**9, 10**9))
        path.chmod(0o600)
    previous = os.umask(0o077)
    write_bundle(FACTS, dict(reversed(sources.items())), second)
    os.umask(previous)
    assert tree(first) == tree(second)


def test_the_manifest_is_its_canonical_text_with_files_in_order(tmp_path: Path, sources: dict[str, Path]) -> None:
    manifest = write_bundle(FACTS, sources, tmp_path / "tiny")
    text = (tmp_path / "tiny" / "bundle.json").read_text(encoding="utf-8")
    assert text == manifest.to_json()
    assert list(json.loads(text)["files"]) == ["a.txt", "model.onnx", "variables/index"]


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path, sources: dict[str, Path]) -> None:
    previous = os.umask(0o022)
    for name in TARGETS:
        write_bundle(FACTS, sources, tmp_path / name)
    os.umask(previous)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("tiny", "tiny/bundle.json", "tiny.satchel")]
    assert modes == [0o755, 0o644, 0o644]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_an_existing_target_is_refused_and_left_alone(
    tmp_path: Path, sources: dict[str, Path], name: str, kind: str
) -> None:
    target = tmp_path / name
    target.write_bytes(b"mine") if kind == "file" else target.mkdir()
    before = tree(tmp_path)
    with pytest.raises(BundleError) as caught:
        write_bundle(FACTS, sources, target)
    assert str(caught.value) == (
        f"{target} exists\n  expected: a new path\n  remedy: choose another path, or add --force"
    )
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", TARGETS)
def test_with_force_the_old_bundle_is_replaced_whole(tmp_path: Path, sources: dict[str, Path], name: str) -> None:
    out = tmp_path / "out"
    write_bundle(FACTS | {"version": "1"}, sources, out / name)
    write_bundle(FACTS | {"version": "2"}, {"model.onnx": sources["model.onnx"]}, out / name, force=True)
    with open_bundle(out / name) as opened:
        assert opened.manifest.version == "2"
        assert sorted(opened.manifest.files) == ["model.onnx"]
    assert names_in(out) == [name]


BAD_FACTS: list[tuple[dict[str, Any], str]] = [
    ({"labels": []}, "the manifest to write: wrong value at labels"),
    (
        {"metrics": [{"name": "a", "value": float("nan"), "dataset": "d"}]},
        "the manifest to write: wrong value at metrics[0].value",
    ),
    ({"licence": "MIT"}, "the manifest to write: unknown key licence"),
]


@pytest.mark.parametrize(("change", "message"), BAD_FACTS)
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("force", [False, True])
def test_facts_that_make_no_manifest_leave_nothing_or_the_old_one(
    tmp_path: Path, sources: dict[str, Path], change: dict[str, Any], message: str, name: str, force: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if force:
        write_bundle(FACTS, sources, out / name)
    before = tree(out)
    with pytest.raises(ManifestError) as caught:
        write_bundle(FACTS | change, sources, out / name, force=force)
    assert caught.value.message == message
    assert tree(out) == before
    assert names_in(out) == ([name] if force else [])


@pytest.mark.parametrize("name", ["../../stray", "../stray", "a/../../../stray", "bundle.json", ".hidden"])
def test_a_file_name_that_leaves_the_bundle_writes_nothing(tmp_path: Path, sources: dict[str, Path], name: str) -> None:
    before = tree(tmp_path)
    with pytest.raises(ManifestError):
        write_bundle(FACTS, sources | {name: sources["a.txt"]}, tmp_path / "tiny")
    assert tree(tmp_path) == before


@pytest.mark.parametrize("step", ["describe_file", "write_archive", "_replace", "shutil.copyfile"])
def test_a_failure_at_any_step_leaves_the_old_bundle_and_no_leftovers(
    tmp_path: Path, sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    out = tmp_path / "out"
    write_bundle(FACTS, sources, out / "tiny.satchel")
    before = tree(out)

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"inference_core.bundle.writer.{step}", fail)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(FACTS | {"version": "2"}, sources, out / "tiny.satchel", force=True)
    assert tree(out) == before
    assert names_in(out) == ["tiny.satchel"]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_swap_puts_the_old_directory_back(
    tmp_path: Path, sources: dict[str, Path], monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    out = tmp_path / "out"
    write_bundle(FACTS, sources, out / "tiny")
    before = tree(out)
    rename = Path.rename

    def fail_for_the_new_one(self: Path, target: Path) -> Path:
        if self.name == "built":
            raise failure
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_one)
    with pytest.raises(type(failure)):
        write_bundle(FACTS | {"version": "2"}, sources, out / "tiny", force=True)
    assert tree(out) == before
    assert names_in(out) == ["tiny"]


def test_a_missing_source_leaves_no_target(tmp_path: Path, sources: dict[str, Path]) -> None:
    sources["a.txt"].unlink()
    with pytest.raises(FileNotFoundError):
        write_bundle(FACTS, sources, tmp_path / "out" / "tiny")
    assert names_in(tmp_path / "out") == []


def test_a_manifest_from_plain_values_is_read_as_strictly_as_a_file() -> None:
    assert manifest_from(document()).name == "tiny"
    with pytest.raises(ManifestError, match=r"^the manifest to write: wrong value at labels\[0\]\.id\n"):
        manifest_from(document() | {"labels": [{"id": "1", "name": "a"}]})


@pytest.mark.parametrize("name", TARGETS)
def test_force_does_not_remove_a_directory_that_is_no_bundle(
    tmp_path: Path, sources: dict[str, Path], name: str
) -> None:
    target = tmp_path / name
    target.mkdir()
    (target / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(BundleError) as caught:
        write_bundle(FACTS, sources, target, force=True)
    assert str(caught.value) == (
        f"{target} is a directory, but no bundle\n"
        "  expected: a bundle, a .satchel file or an empty directory to replace\n"
        "  remedy: choose another path: --force does not remove other files"
    )
    assert tree(target) == {"mine.jpg": b"mine"}


def test_force_does_not_replace_a_file_that_is_no_bundle(tmp_path: Path, sources: dict[str, Path]) -> None:
    target = tmp_path / "model.onnx"
    target.write_bytes(b"mine")
    with pytest.raises(BundleError, match=r"model\.onnx is a file, but no bundle"):
        write_bundle(FACTS, sources, target, force=True)
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "kind"), [("tiny", "empty directory"), *(("tiny.satchel", k) for k in ("file", "empty directory"))]
)
def test_force_replaces_a_bundle_file_or_an_empty_directory(
    tmp_path: Path, sources: dict[str, Path], name: str, kind: str
) -> None:
    target = tmp_path / "out" / name
    target.parent.mkdir()
    target.write_bytes(b"old") if kind == "file" else target.mkdir()
    write_bundle(FACTS, sources, target, force=True)
    with open_bundle(target) as opened:
        assert opened.manifest.name == "tiny"
    assert names_in(tmp_path / "out") == [name]


@pytest.mark.parametrize("name", TARGETS)
def test_a_break_between_the_renames_brings_the_old_bundle_back(
    tmp_path: Path, sources: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out" / name
    write_bundle(FACTS, sources, target)
    before = tree(target)
    rename = Path.rename

    def broken_off(path: Path, to: Path) -> Path:
        if path.name != "old":
            rename(path, to)
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", broken_off)
    sources["a.txt"].write_bytes(b"new")
    with pytest.raises(KeyboardInterrupt):
        write_bundle(FACTS, sources, target, force=True)
    assert names_in(target.parent) == [name]
    assert target.is_file() or tree(target) == before


def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path, sources: dict[str, Path]) -> None:
    target = tmp_path / ("x" * 255)
    write_bundle(FACTS, sources, target)
    assert (target / "bundle.json").is_file()


def test_a_place_below_a_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match="cannot be written") as caught:
        check_target(tmp_path / "file" / "below" / "tiny", force=False)
    assert caught.value.got == f"{tmp_path / 'file'}, which is a file"


def test_a_place_without_the_right_to_write_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the superuser may write anywhere
    with pytest.raises(BundleError, match="cannot be written") as caught:
        check_target(tmp_path / "new" / "tiny", force=False)
    assert caught.value.got == f"no right to write in {tmp_path}"
