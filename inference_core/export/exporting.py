"""`satchel export`: the files of a model for another server, whole or not at all."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inference_core.bundle.writer import atomically
from inference_core.errors import ExportError
from inference_core.export.choice import Choice, Server, Split
from inference_core.export.kserve import REPOSITORY, SERVICE, service_name, storage, write_kserve
from inference_core.export.mlserver import MODEL_SETTINGS, SETTINGS, server_settings, write_mlserver
from inference_core.export.tfs import LIST, ORIGIN, PLACE, model_list, write_tfs
from inference_core.export.triton import CONFIGURATION, write_triton


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    """The model's directory."""
    start: str
    """What starts the server on it, in one line."""
    settings: dict[str, str]
    """Variables with which Satchel asks that server for the model."""


_WRITERS: dict[Server, tuple[Callable[[Choice, Path], None], str]] = {
    Server.TRITON: (write_triton, CONFIGURATION),
    Server.TFS: (write_tfs, ORIGIN),
    Server.MLSERVER: (write_mlserver, MODEL_SETTINGS),
    Server.KSERVE: (write_kserve, SERVICE),
}
"""What writes a model's directory, and a file that shows that it was written so."""
_URLS = {
    Server.TRITON: "http://localhost:8000",
    Server.TFS: "http://localhost:8501",
    Server.MLSERVER: "http://localhost:8080",
}
"""Where the servers listen unless they are told otherwise."""


def export_bundle(choice: Choice, directory: Path, *, force: bool = False) -> Exported:
    """Writes the model's directory in `directory`, beside those of other models, and what the server wants there.

    Args:
        choice: what is exported, and for which server.
        directory: where to write; made where it is not there.
        force: whether an earlier export of the model is replaced.

    Raises:
        ExportError: something is there already, or the server cannot open the artifact.
    """
    write, mark = _WRITERS[choice.server]
    target = directory / choice.name
    _check_target(target, mark, force=force)
    with atomically(target) as built:
        write(choice, built)
    if choice.server is Server.TFS:
        _write(directory / LIST, model_list(directory))
    if choice.server is Server.MLSERVER and not (directory / SETTINGS).exists():
        _write(directory / SETTINGS, server_settings())
    return Exported(target, _start(choice, directory), _settings(choice))


def _check_target(target: Path, mark: str, *, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not force:
        raise ExportError(f"{target} exists", expected="a new path", remedy="choose another path, or add --force")
    if not (target / mark).is_file():
        raise ExportError(
            f"{target} was not written by this command",
            got=f"no {mark} there",
            expected="an earlier export to replace",
            remedy="choose another path: --force does not remove other files",
        )


def _write(path: Path, text: str) -> None:
    with atomically(path) as built:
        built.write_text(text, encoding="utf-8")


def _start(choice: Choice, directory: Path) -> str:
    match choice.server:
        case Server.TRITON:
            return f"tritonserver --model-repository {directory}"
        case Server.MLSERVER:
            return f"mlserver start {directory}"
        case Server.TFS:
            ports = "-p 8500:8500 -p 8501:8501"
            volume = f"-v {directory.absolute()}:{PLACE}:ro"
            return f"docker run --rm {ports} {volume} tensorflow/serving --model_config_file={PLACE}/{LIST}"
        case Server.KSERVE:
            folder = directory / choice.name
            return f"copy {folder / REPOSITORY} to {storage(choice)}, then kubectl apply -f {folder / SERVICE}"


def _settings(choice: Choice) -> dict[str, str]:
    """With what the bundle's own word on remote services would set otherwise."""
    said = choice.bundle.manifest.remote
    url = _URLS.get(choice.server) or f"http://{service_name(choice)}-predictor"
    protocol = "tfs-http" if choice.server is Server.TFS else "oip-http"
    settings = {"SATCHEL_MODE": "remote", "SATCHEL_REMOTE_URL": url, "SATCHEL_REMOTE_PROTOCOL": protocol}
    if choice.split != ((said and said.split) or Split.TENSORS):
        settings["SATCHEL_REMOTE_SPLIT"] = choice.split
    if said and said.model not in (None, "{name}", choice.name):
        settings["SATCHEL_REMOTE_MODEL"] = choice.name
    if said and said.version not in (None, "1"):
        settings["SATCHEL_REMOTE_VERSION"] = "1"
    return settings
