"""How right a model is: its results against what people have marked on pictures.

A model is rated as it is served: its steps run as the manifest has them, thresholds included. A mean precision is so
lower than the published one, for which detections of any score count; candidates and source model are treated alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference_core.bundle import Label, Manifest
from inference_core.errors import PackError
from inference_core.packing.pictures import find_pictures
from inference_core.packing.tuning.coco import plain_name, read_coco
from inference_core.tasks import Result


class Truth(Protocol):
    """What is known of pictures."""

    def score(self, results: Sequence[Result]) -> float:
        """From 0 to 1, 1 for results that are all right; one for each picture, in order."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Pictures and what is known of them."""

    name: str
    metric: str
    """What the truth's `score` measures, such as `AP@.5`."""
    images: tuple[Path, ...]
    truth: Truth


def read_dataset(path: Path, manifest: Manifest) -> Dataset:
    """Reads the pictures and the truth that a model can be rated by.

    Classification: `path` is a folder with a folder of pictures for each class, called by the label's name, its id, or
    the WordNet synset that the name opens with; the metric is `top-1`. Every other task: an annotation file of COCO, or
    the folder it lies in, where it is called `instances.json`, for poses `person_keypoints.json` (see `read_coco`); the
    metric is `AP@.5`, of poses `OKS AP@.5`.

    Raises:
        PackError: the files do not say what the task needs, or speak of classes that the model does not have; or
            nothing can be marked on pictures for the task.
        MissingDependencyError: pycocotools is not installed.
    """
    if manifest.task == "classification":
        return _read_folders(path, manifest)
    if manifest.task == "super_resolution":
        raise PackError(
            "a model for super_resolution is rated by its agreement with the source model alone",
            got=str(path),
            remedy="give the pictures as --images",
        )
    images, truth = read_coco(path, manifest)
    folder = path if path.is_dir() else path.parent
    return Dataset(folder.resolve().name, truth.metric, images, truth)


@dataclass(frozen=True, slots=True)
class _Classes:
    """The class of each picture."""

    ids: tuple[int, ...]

    def score(self, results: Sequence[Result]) -> float:
        pairs = zip(self.ids, results, strict=True)
        right = [[p.class_id for p in result.predictions[:1]] == [number] for number, result in pairs]
        return sum(right) / len(right)


def _read_folders(path: Path, manifest: Manifest) -> Dataset:
    folders = sorted(entry for entry in path.iterdir() if _is_class(entry)) if path.is_dir() else []
    if not folders:
        raise PackError(
            f"{path} holds no classes",
            expected="a folder for each class, which holds its pictures",
            remedy="give the folder that holds those of the classes",
        )
    pictures = [
        (picture, _label(folder, manifest.labels).id) for folder in folders for picture in find_pictures([folder])
    ]
    images, ids = zip(*pictures, strict=True)
    return Dataset(path.resolve().name, "top-1", images, _Classes(ids))


def _is_class(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


def _label(folder: Path, labels: Sequence[Label]) -> Label:
    """The label that the folder is named for: by its name, else by its id, else by how its name begins."""
    name = plain_name(folder.name)
    ways = (
        [label for label in labels if plain_name(label.name) == name],
        [label for label in labels if str(label.id) == name],
        [label for label in labels if plain_name(label.name).split(maxsplit=1)[:1] == [name] and _is_synset(name)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    raise PackError(
        f"{folder} is named for no class of the model" if not found else f"{len(found)} classes are called {name!r}",
        got=folder.name if not found else ", ".join(f"id {label.id}" for label in found),
        expected="the name of one label, or its id",
        remedy="rename the folder",
    )


def _is_synset(name: str) -> bool:
    """Such as n01440764: ImageNet's classes are called so."""
    return name[:1] == "n" and name[1:].isdigit()
