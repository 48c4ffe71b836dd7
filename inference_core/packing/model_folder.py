"""Model folders of BMW's TensorFlow inference API: graph, label map and `config.json` in one place, and no recipe.

Facts from BMW-InnovationLab/BMW-TensorFlow-Inference-API-CPU and -GPU (README.md, src/main/inference).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle import Recipe
from inference_core.bundle.heads import Count, Picked
from inference_core.bundle.postprocess import Restore, Score, Top
from inference_core.bundle.preprocess import Decode, ToTensor
from inference_core.bundle.schema import Record, parse_record
from inference_core.errors import PackError
from inference_core.packing.label_map import read_label_map

_CONFIG = "config.json"
_FROZEN = "frozen_inference_graph.pb"
_SAVED = "saved_model.pb"
_MODELS = f"{_FROZEN} (TensorFlow 1), saved_model/{_SAVED} or {_SAVED} (TensorFlow 2)"
_LICENSE = "NOASSERTION"
_NAME_LENGTH = 64


class FolderConfig(Record):
    """`config.json`."""

    inference_engine_name: Literal["tensorflow_detection", "tensorflow2_detection"]
    confidence: Annotated[float, Field(ge=0, le=100)]
    """Percent that a box has to reach."""
    predictions: Count
    """The most boxes of an answer."""
    number_of_classes: Count
    framework: Literal["tensorflow"]
    type: Literal["detection"]
    network: Annotated[str, Field(min_length=1)]
    """The architecture, for people."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What a model folder holds, in the terms of packing."""

    model: Path
    """The frozen graph, or the directory that `saved_model.pb` lies in."""
    recipe: Recipe
    labels: Path
    """The label map."""


def is_model_folder(path: Path) -> bool:
    """Whether `path` is a directory with a `config.json`."""
    return path.is_dir() and bool(_configs(path))


def read_model_folder(folder: Path) -> ModelFolder:
    """Reads a model folder; its recipe is that of the TensorFlow Object Detection API.

    The file of labels may have any name that ends in `.pbtxt`, the configuration may be called `Config.json`.

    Raises:
        PackError: a part is missing or there twice, or `number_of_classes` is neither the number of labels nor the
            highest id.
        ManifestError: `config.json` has an unknown key or a wrong value.
    """
    model = _model(folder)
    config = _only(_configs(folder), _CONFIG, folder)
    labels = _only(sorted(folder.glob("*.pbtxt")), "a label map such as object-detection.pbtxt", folder)
    facts = parse_record(FolderConfig, config.read_bytes(), where=str(config))
    _check_classes(facts.number_of_classes, config, labels)
    return ModelFolder(model, _recipe(folder.resolve().name, facts), labels)


def _configs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.lower() == _CONFIG)


def _model(folder: Path) -> Path:
    places = [folder / _FROZEN, folder / "saved_model" / _SAVED, folder / _SAVED]
    found = _only([path for path in places if path.is_file()], _MODELS, folder)
    return found.parent if found.name == _SAVED else found


def _only(found: list[Path], what: str, folder: Path) -> Path:
    if len(found) != 1:
        raise PackError(
            f"{folder} has {'several files' if found else 'no file'} of a kind that it needs once",
            got=", ".join(str(path.relative_to(folder)) for path in found) or "none",
            expected=what,
            remedy="leave one of them there" if found else "add it, or give the model itself and a recipe",
        )
    return found[0]


def _check_classes(stated: int, config: Path, labels: Path) -> None:
    """Where ids have gaps, as COCO's 80 classes up to 90, models are said to have as many classes as the highest id."""
    ids = [label["id"] for label in read_label_map(labels)]
    if stated not in (len(ids), max(ids)):
        raise PackError(
            f"{config} and {labels} do not fit together",
            got=f"number_of_classes {stated}",
            expected=f"{len(ids)}, the number of labels" + (f", or {max(ids)}" if max(ids) != len(ids) else ""),
            remedy="use the label map the model was trained with, or correct number_of_classes",
        )


def _recipe(name: str, config: FolderConfig) -> Recipe:
    return Recipe(
        name=_identifier(name, "the folder's name"),
        task="detection",
        architecture=_identifier(config.network, "network"),
        license=_LICENSE,
        preprocess=(Decode(color="RGB"), ToTensor(layout="NHWC", dtype="uint8")),
        postprocess=(
            Picked(
                boxes="detection_boxes",
                scores="detection_scores",
                classes="detection_classes",
                count="num_detections",
                format="yxyx",
                normalized=True,
            ),
            Score(min=config.confidence / 100),
            Top(k=config.predictions),
            Restore(),
        ),
    )


def _identifier(text: str, what: str) -> str:
    """`text` as a lower-case name: what it may not hold becomes an underscore."""
    name = re.sub(r"[^a-z0-9_.-]+", "_", text.lower()).lstrip("_.-")[:_NAME_LENGTH]
    if not name:
        raise PackError(
            f"no name can be made of {what}", got=text, expected="a letter or digit", remedy="give it another name"
        )
    return name
