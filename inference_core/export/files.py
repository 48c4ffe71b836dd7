"""Files of an export: copies out of the bundle, and the programs that are shipped with this package."""

import shutil
from pathlib import Path, PurePosixPath

from inference_core.bundle import Artifact, Bundle
from inference_core.errors import ExportError

_PROGRAMS = Path(__file__).parent / "programs"


def copy_artifact(bundle: Bundle, artifact: Artifact, folder: Path) -> str:
    """Copies what the engine opens, and its companions as they lie beside it.

    Returns:
        The name to open in `folder`.

    Raises:
        ExportError: a companion does not lie beside or below it.
    """
    opened = PurePosixPath(artifact.file)
    for name in filter(artifact.owns, bundle.manifest.files):
        path = PurePosixPath(name)
        if not path.is_relative_to(opened.parent):
            raise ExportError(
                f"{artifact.file} needs {name}, which does not lie beside it",
                expected="all files of an artifact in one directory",
                remedy="pack the model again",
            )
        target = folder / path.relative_to(opened.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.directory / name, target)
    return opened.name


def copy_program(name: str, target: Path) -> None:
    """Copies the program `name`, without suffix, to the file `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_PROGRAMS / f"{name}.py", target)
