"""Exports are written whole or not at all, beside each other."""

from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import ExportError
from inference_core.export.choice import Choice, Server, Split
from inference_core.export.exporting import Exported, export_bundle
from tests.bundle.test_writer import tree
from tests.export.bundles import SAVED_MODEL, artifact, bundle


def export(
    folder: Path, server: Server, *, force: bool = False, split: Split = Split.TENSORS, **facts: Any
) -> Exported:
    """Of a bundle for onnxruntime and TensorFlow, to `folder / "out"`."""
    folder.mkdir(exist_ok=True)
    inside = folder / f"bundle{len(list(folder.iterdir()))}"
    opened = bundle(inside, artifact(), artifact("tensorflow", "saved"), files=["model.onnx", *SAVED_MODEL], **facts)
    return export_bundle(Choice.of(opened, server, split=split), folder / "out", force=force)


@pytest.mark.parametrize("server", Server)
def test_an_export_is_replaced_only_when_told_to(tmp_path: Path, server: Server) -> None:
    assert export(tmp_path, server).path == tmp_path / "out" / "tiny"
    before = tree(tmp_path / "out")
    with pytest.raises(ExportError) as caught:
        export(tmp_path, server, version="2")
    expected = "expected: a new path\n  remedy: choose another path, or add --force"
    assert str(caught.value) == f"{tmp_path / 'out' / 'tiny'} exists\n  {expected}"
    assert tree(tmp_path / "out") == before
    export(tmp_path, server, version="2", force=True)
    after = tree(tmp_path / "out")
    assert after.keys() == before.keys()
    assert b"Satchel bundle tiny 2, " in b"".join(after.values())
    assert b"Satchel bundle tiny 1, " not in b"".join(after.values())


@pytest.mark.parametrize("server", Server)
def test_what_is_no_export_is_never_replaced(tmp_path: Path, server: Server) -> None:
    mine = tmp_path / "out" / "tiny" / "mine"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ExportError, match="was not written by this command"):
        export(tmp_path, server, force=True)
    assert tree(tmp_path / "out") == {"tiny/mine": b"mine"}


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    opened = bundle(tmp_path, artifact("tensorflow", "model.tflite"))
    with pytest.raises(ExportError, match="tfs does not run that artifact"):
        export_bundle(Choice.of(opened, Server.TFS), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_models_lie_beside_each_other(tmp_path: Path) -> None:
    for name in ("tiny", "other"):
        export(tmp_path, Server.TFS, name=name)
    listed = (tmp_path / "out" / "models.config").read_text()
    assert [f'base_path: "/models/{name}"' in listed for name in ("other", "tiny")] == [True, True]
    assert (tmp_path / "out" / "other" / "1" / "saved_model.pb").is_file()


def test_mlservers_settings_stay_as_people_made_them(tmp_path: Path) -> None:
    export(tmp_path, Server.MLSERVER)
    settings = tmp_path / "out" / "settings.json"
    assert '"parallel_workers": 1' in settings.read_text()
    settings.write_text("mine")
    export(tmp_path, Server.MLSERVER, name="other")
    assert settings.read_text() == "mine"


def variables(url: str, protocol: str = "oip-http", **more: str) -> dict[str, str]:
    asked = {"MODE": "remote", "REMOTE_URL": url, "REMOTE_PROTOCOL": protocol} | more
    return {f"SATCHEL_{name}": value for name, value in asked.items()}


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (Server.TRITON, variables("http://localhost:8000")),
        (Server.TFS, variables("http://localhost:8501", "tfs-http")),
        (Server.MLSERVER, variables("http://localhost:8080")),
        (Server.KSERVE, variables("http://tiny-predictor")),
    ],
)
def test_it_says_how_satchel_asks_that_server(tmp_path: Path, server: Server, expected: dict[str, str]) -> None:
    assert export(tmp_path, server).settings == expected


def test_what_the_bundle_says_of_remote_services_gives_way(tmp_path: Path) -> None:
    remote = {"split": "image", "model": "detectors/{name}", "version": "7"}
    expected = variables("http://localhost:8000", REMOTE_SPLIT="tensors", REMOTE_MODEL="tiny", REMOTE_VERSION="1")
    assert export(tmp_path, Server.TRITON, remote=remote).settings == expected
    same = export(tmp_path / "other", Server.MLSERVER, split=Split.IMAGE, remote=remote)
    assert "SATCHEL_REMOTE_SPLIT" not in same.settings


def test_pictures_have_to_be_asked_for(tmp_path: Path) -> None:
    assert export(tmp_path, Server.TRITON, split=Split.IMAGE).settings["SATCHEL_REMOTE_SPLIT"] == "image"


@pytest.mark.parametrize(
    ("server", "start"),
    [
        (Server.TRITON, "tritonserver --model-repository {out}"),
        (Server.MLSERVER, "mlserver start {out}"),
        (
            Server.TFS,
            "docker run --rm -p 8500:8500 -p 8501:8501 -v {out}:/models:ro tensorflow/serving"
            " --model_config_file=/models/models.config",
        ),
        (
            Server.KSERVE,
            "copy {out}/tiny/repository to pvc://models/tiny, then kubectl apply -f {out}/tiny/inference_service.yaml",
        ),
    ],
)
def test_it_says_how_to_start_the_server(tmp_path: Path, server: Server, start: str) -> None:
    assert export(tmp_path, server).start == start.format(out=tmp_path / "out")
