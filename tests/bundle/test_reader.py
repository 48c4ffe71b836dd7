"""Opening a bundle: everything is verified, nothing is followed out of it."""

import ast
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle
from inference_core.errors import BundleError, IntegrityError, ManifestError, NotFoundError
from tests.bundle.documents import DIGEST, WEIGHTS, document, write

PACKED = f"  expected: 7 bytes, sha256 {DIGEST}\n"
SPECIAL = (
    "is a link or a special file\n  expected: regular files only\n"
    "  remedy: replace it with the file itself and pack again"
)
UNLISTED = (
    "which its manifest does not list\n  expected: only listed files\n  remedy: remove it, or pack the bundle again"
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary directories are made, and nothing else is."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_an_opened_bundle_gives_its_manifest_directory_and_digest(bundle: Path) -> None:
    with open_bundle(bundle) as opened:
        assert opened.manifest.name == "tiny"
        assert opened.directory == bundle
        assert opened.digest == hashlib.sha256((bundle / "bundle.json").read_bytes()).hexdigest()
        assert (opened.directory / "model.onnx").read_bytes() == WEIGHTS
    assert sorted(path.name for path in bundle.iterdir()) == ["bundle.json", "model.onnx"]


def test_a_path_may_be_text(bundle: Path) -> None:
    assert open_bundle(str(bundle)).manifest == open_bundle(bundle).manifest


def refused(path: Path) -> str:
    with pytest.raises(IntegrityError) as caught:
        open_bundle(path)
    assert (caught.value.code, caught.value.status) == ("integrity", 503)
    return str(caught.value)


@pytest.mark.parametrize("content", [b"Weights", b"weight", b"weights\n", b""])
def test_a_file_that_was_altered_or_cut_short_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "model.onnx").write_bytes(content)
    assert refused(bundle) == (
        f"model.onnx in {bundle} is not the file that was packed\n"
        f"  got: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}\n{PACKED}"
        "  remedy: copy the bundle again, or pack it again if the change was meant"
    )


def test_a_missing_file_is_named_with_what_it_was(bundle: Path) -> None:
    (bundle / "model.onnx").unlink()
    assert refused(bundle) == (f"model.onnx is missing from {bundle}\n{PACKED}  remedy: copy the whole bundle again")


@pytest.mark.parametrize("name", ["extra.bin", ".hidden", "sub/deep/extra", ".git/config"])
def test_a_file_that_is_not_listed_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).touch()
    assert refused(bundle) == f"{bundle} holds {name}, {UNLISTED}"


def test_of_several_unlisted_files_the_first_by_name_is_told(bundle: Path) -> None:
    for name in "zyxwvutsrqponm":
        (bundle / name).touch()
    assert refused(bundle).startswith(f"{bundle} holds m, ")


def link_file(bundle: Path) -> str:
    (bundle / "model.onnx").rename(bundle.parent / "outside")
    (bundle / "model.onnx").symlink_to(bundle.parent / "outside")
    return "model.onnx"


def link_inside(bundle: Path) -> str:
    (bundle / "alias").symlink_to("model.onnx")
    return "alias"


def link_nowhere(bundle: Path) -> str:
    (bundle / "alias").symlink_to("nowhere")
    return "alias"


def link_directory(bundle: Path) -> str:
    (bundle / "folder").symlink_to(bundle.parent, target_is_directory=True)
    return "folder"


def link_manifest(bundle: Path) -> str:
    (bundle / "bundle.json").rename(bundle.parent / "outside.json")
    (bundle / "bundle.json").symlink_to(bundle.parent / "outside.json")
    return "bundle.json"


def link_manifest_to_a_secret(bundle: Path) -> str:
    (bundle.parent / "secret").write_text("the secret")
    (bundle / "bundle.json").unlink()
    (bundle / "bundle.json").symlink_to(bundle.parent / "secret")
    return "bundle.json"


def pipe(bundle: Path) -> str:
    (bundle / "sub").mkdir()
    os.mkfifo(bundle / "sub" / "pipe")
    return "sub/pipe"


def pipe_for_weights(bundle: Path) -> str:
    (bundle / "model.onnx").unlink()
    os.mkfifo(bundle / "model.onnx")
    return "model.onnx"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "change",
    [
        link_file,
        link_inside,
        link_nowhere,
        link_directory,
        link_manifest,
        link_manifest_to_a_secret,
        pipe,
        pipe_for_weights,
    ],
)
def test_links_and_special_files_are_refused_unread(bundle: Path, change: Callable[[Path], str]) -> None:
    name = change(bundle)
    assert refused(bundle) == f"{name} in {bundle} {SPECIAL}"


@pytest.mark.timeout(10)
def test_a_pipe_called_bundle_json_is_no_bundle(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bundle.json")
    with pytest.raises(BundleError, match=f"^{tmp_path} is not a bundle\n  got: no bundle.json there\n"):
        open_bundle(tmp_path)


@pytest.mark.parametrize(("name", "got"), [(".", "no bundle.json there"), ("gone", "no such directory")])
def test_where_there_is_no_bundle_the_message_says_what_to_do(tmp_path: Path, name: str, got: str) -> None:
    with pytest.raises(BundleError) as caught:
        open_bundle(tmp_path / name)
    assert str(caught.value) == (
        f"{tmp_path / name} is not a bundle\n  got: {got}\n"
        "  expected: a directory with bundle.json, or a .satchel file\n"
        "  remedy: give the path of a bundle; make one with `satchel pack`"
    )


def test_an_enormous_manifest_is_refused_before_it_is_read(bundle: Path) -> None:
    limit = 16 * 2**20
    os.truncate(bundle / "bundle.json", limit)
    with pytest.raises(ManifestError, match="is not valid JSON"):
        open_bundle(bundle)
    os.truncate(bundle / "bundle.json", limit + 1)
    with pytest.raises(BundleError) as caught:
        open_bundle(bundle)
    assert (
        str(caught.value) == f"{bundle}/bundle.json is too large\n  got: {limit + 1} bytes\n  expected: at most {limit}"
    )


def test_a_broken_manifest_is_told_with_its_path(bundle: Path) -> None:
    (bundle / "bundle.json").write_text("{")
    with pytest.raises(ManifestError) as caught:
        open_bundle(bundle)
    assert caught.value.message.startswith(f"{bundle}/bundle.json is not valid JSON: line 1, column 2: ")


def test_the_artifact_of_an_engine_is_the_first_that_names_it(tmp_path: Path) -> None:
    [first] = document()["artifacts"]
    others = [first | {"engine": "tensorflow", "precision": name} for name in ("fp16", "int8")]
    with open_bundle(write(tmp_path / "tiny", artifacts=[first, *others])) as opened:
        assert opened.artifact().engine == "onnxruntime"
        assert opened.artifact("tensorflow").precision == "fp16"
        with pytest.raises(NotFoundError) as caught:
            opened.artifact("torch")
    assert str(caught.value) == (
        "bundle tiny has no artifact for engine torch\n"
        "  expected: one of onnxruntime:fp32, tensorflow:fp16, tensorflow:int8\n"
        "  remedy: choose one of these, or pack the model again for that engine"
    )


def test_closing_removes_what_was_unpacked_and_may_be_repeated(tmp_path: Path, scratch: Path) -> None:
    opened = open_bundle(write(tmp_path / "tiny.satchel"))
    assert [opened.directory] == list(scratch.iterdir())
    opened.close()
    opened.close()
    assert list(scratch.iterdir()) == []


def test_a_failed_opening_leaves_nothing_behind(tmp_path: Path, scratch: Path) -> None:
    file = write(tmp_path / "tiny.satchel")
    data = bytearray(file.read_bytes())
    data[data.index(WEIGHTS)] ^= 1
    file.write_bytes(data)
    with pytest.raises(IntegrityError):
        open_bundle(file)
    assert list(scratch.iterdir()) == []


def test_no_module_can_unpickle() -> None:
    loaders = {"pickle", "cPickle", "_pickle", "marshal", "dill", "shelve", "cloudpickle", "joblib"}
    root = Path(__file__).parents[2] / "inference_core"
    files = sorted(root.rglob("*.py"))
    assert len(files) > 40
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & loaders, file
            if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "weights_only"):
                assert isinstance(node.value, ast.Constant), file
                assert node.value.value is (node.arg == "weights_only"), file
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only" in {keyword.arg for keyword in node.keywords}, file
