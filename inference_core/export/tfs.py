"""TensorFlow Serving's layout: NAME/1/ with a SavedModel, and a list of the models.

Specification: https://www.tensorflow.org/tfx/serving/serving_config
"""

from pathlib import Path

from inference_core.dependencies import require
from inference_core.errors import ExportError
from inference_core.export.choice import Choice
from inference_core.export.files import copy_artifact
from inference_core.export.pbtxt import Value, format_message
from inference_core.packing.apart import run_apart

VERSION = "1"
LIST = "models.config"
ORIGIN = "ORIGIN"
SAVED_MODEL = "saved_model.pb"
PLACE = "/models"
"""Where the server's image, and the list, expect the directory."""
_FROZEN = ".pb"
_JOB = "inference_core.export.saved_model_job:write_saved_model"
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def write_tfs(choice: Choice, folder: Path) -> None:
    """Writes the model's directory. A frozen graph becomes a SavedModel, with TensorFlow.

    Raises:
        ExportError: the artifact is of another kind.
        MissingDependencyError: TensorFlow is needed and not there.
    """
    version = folder / VERSION
    version.mkdir(parents=True)
    path = choice.bundle.directory / choice.artifact.file
    if path.is_dir():
        _move_up(version / copy_artifact(choice.bundle, choice.artifact, version), version)
    elif path.suffix == _FROZEN:
        _convert(choice, path, version)
    else:
        raise ExportError(
            "tfs does not run that artifact",
            got=choice.artifact.file,
            expected="a SavedModel, or a frozen graph to make one of",
            remedy="pack the model from one of these",
        )
    (folder / ORIGIN).write_text(f"{choice.origin}\n", encoding="utf-8")


def model_list(directory: Path) -> str:
    """What `models.config` says: every SavedModel in `directory`."""
    names = sorted({path.parents[1].name for path in directory.glob(f"*/*/{SAVED_MODEL}")})
    origins = [directory / name / ORIGIN for name in names]
    lines = "".join(f"# {path.read_text(encoding='utf-8')}" for path in origins if path.is_file())
    configs: list[Value] = [
        {"name": name, "base_path": f"{PLACE}/{name}", "model_platform": "tensorflow"} for name in names
    ]
    return lines + format_message({"model_config_list": {"config": configs}})


def _move_up(model: Path, version: Path) -> None:
    """The SavedModel is to be the version's directory itself."""
    for path in list(model.iterdir()):
        path.rename(version / path.name)
    model.rmdir()


def _convert(choice: Choice, path: Path, version: Path) -> None:
    require("tensorflow", extra="tf", purpose=f"making a SavedModel of {choice.artifact.file}")
    version.rmdir()
    sides = {"inputs": choice.artifact.inputs, "outputs": choice.artifact.outputs}
    names = {side: {spec.name: spec.engine_name for spec in specs} for side, specs in sides.items()}
    paths = {"path": str(path), "folder": str(version)}
    run_apart(_JOB, purpose="making a SavedModel", environment=_QUIET, **paths, **names)
