"""Truth in the form of COCO, against which pycocotools rates results. Format: https://cocodataset.org/#format-data"""

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from inference_core.bundle import Manifest
from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.tasks import Detection, Instance, Pose, Result

_FILES = {"detection": "instances.json", "instance_segmentation": "instances.json", "pose": "person_keypoints.json"}
_METRICS = {"bbox": "AP@.5", "segm": "AP@.5", "keypoints": "OKS AP@.5"}
_KINDS = {"detection": "bbox", "instance_segmentation": "segm", "pose": "keypoints"}
_IOU = 0.5
_JOINTS = 17
_SHOWN = 5


class _Image(BaseModel):
    id: int
    file_name: str
    width: int
    height: int


class _Category(BaseModel):
    id: int
    name: str


class _Annotation(BaseModel):
    image_id: int
    category_id: int
    bbox: Annotated[list[float], Field(min_length=4, max_length=4)]
    area: float
    iscrowd: int = 0
    segmentation: list[list[float]] | dict[str, Any] | None = None
    keypoints: list[float] | None = None
    num_keypoints: int = 0


class _File(BaseModel):
    images: Annotated[list[_Image], Field(min_length=1)]
    annotations: list[_Annotation]
    categories: list[_Category]


@dataclass(frozen=True, slots=True)
class CocoTruth:
    """The objects on each picture."""

    file: _File
    kind: str
    """What pycocotools compares: bbox, segm or keypoints."""
    categories: dict[int, int]
    """The category of the truth for a class id; classes that the truth does not know are absent."""

    @property
    def metric(self) -> str:
        """What `score` measures."""
        return _METRICS[self.kind]

    def score(self, results: Sequence[Result]) -> float:
        """Mean average precision at an IoU (for keypoints: OKS) of 0.5 over the categories that have annotations.

        Args:
            results: one for each picture, in order.

        Raises:
            PackError: a pose has other joints than the 17 of COCO.
        """
        pairs = zip(self.file.images, results, strict=True)
        records = [record for image, result in pairs for record in self._records(image.id, result)]
        return _average_precision(self.file, records, self.kind) if records else 0.0

    def _records(self, image: int, result: Result) -> Iterator[dict[str, Any]]:
        for found in result.predictions:
            if found.class_id in self.categories:
                place = {"image_id": image, "category_id": self.categories[found.class_id]}
                yield place | {"score": found.score} | _shape(found)


def read_coco(path: Path, manifest: Manifest) -> tuple[tuple[Path, ...], CocoTruth]:
    """Reads an annotation file of COCO and finds its pictures.

    A picture lies where its `file_name` says, from the file's folder on, from the folder `images` beside the file, or
    from the one beside it that has its name. The truth's categories are found among the labels by their names, since
    ids differ between lists. Keypoints have to be the 17 of COCO, in their order.

    Args:
        path: the file, or the folder that holds `instances.json` (for poses `person_keypoints.json`).
        manifest: of a task that finds objects.

    Returns:
        The pictures, and what is known of them.

    Raises:
        PackError: no such file, pictures that are missing, annotations that lack what the task needs, or a category
            that no label is called by.
        MissingDependencyError: pycocotools is not installed.
    """
    require("pycocotools", extra="measure", purpose="rating a model by annotations of COCO")
    path = path / _FILES[manifest.task] if path.is_dir() else path
    kind = _KINDS[manifest.task]
    file = _read(path)
    _check_annotations(file, kind, path)
    return _find_images(file, path), CocoTruth(file, kind, _categories(file, manifest, path))


def plain_name(name: str) -> str:
    """A class name as names are compared: capitals, underscores and outer blanks do not count."""
    return name.replace("_", " ").strip().casefold()


def _read(path: Path) -> _File:
    if not path.is_file():
        raise PackError(
            f"there is no annotation file {path}",
            expected="a .json file in the form of COCO",
            remedy="correct the path",
        )
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise PackError(
            f"{path} is not an annotation file in the form of COCO",
            got=f"{place}: {first['msg']}" if place else first["msg"],
            expected="images, annotations and categories",
            remedy="correct the file; see https://cocodataset.org/#format-data",
        ) from error


def _check_annotations(file: _File, kind: str, path: Path) -> None:
    images = {image.id for image in file.images}
    if len(images) < len(file.images):
        raise PackError(f"two images of {path} have the same id", remedy="give each its own")
    for number, annotation in enumerate(file.annotations):
        problem = _problem(annotation, kind, images)
        if problem is not None:
            remedy = "correct the file, or give one that was made for the model's task"
            raise PackError(f"annotations.{number} of {path} {problem}", remedy=remedy)
    if not any(_counts(annotation, kind) for annotation in file.annotations):
        raise PackError(
            f"{path} has no annotation to rate a model by",
            got=f"{len(file.annotations)} annotations, all of crowds or without a keypoint"
            if file.annotations
            else None,
            remedy="give a file with annotations",
        )


def _problem(annotation: _Annotation, kind: str, images: set[int]) -> str | None:
    if annotation.image_id not in images:
        return f"is of image {annotation.image_id}, which is not listed"
    if kind == "segm" and annotation.segmentation is None:
        return "has no segmentation"
    if kind == "keypoints" and len(annotation.keypoints or ()) != 3 * _JOINTS:
        return f"lacks keypoints: x, y and visibility of each of {_JOINTS}"
    return None


def _counts(annotation: _Annotation, kind: str) -> bool:
    """Whether a model is to find it."""
    return not annotation.iscrowd and (kind != "keypoints" or annotation.num_keypoints > 0)


def _find_images(file: _File, path: Path) -> tuple[Path, ...]:
    folders = (path.parent, path.parent / "images", path.with_suffix(""))
    found = {image.file_name: _find(image.file_name, folders) for image in file.images}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        raise PackError(
            f"{len(missing)} of the {len(found)} pictures of {path} are missing",
            got=_some(missing),
            expected=f"each in one of {', '.join(map(str, folders))}",
            remedy="put the pictures beside the annotations",
        )
    return tuple(place for image in file.images if (place := found[image.file_name]) is not None)


def _find(name: str, folders: Sequence[Path]) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _categories(file: _File, manifest: Manifest, path: Path) -> dict[int, int]:
    ids = {plain_name(label.name): label.id for label in manifest.labels}
    names = {category.id: category.name for category in file.categories}
    used = {annotation.category_id for annotation in file.annotations}
    missing = [names.get(number, f"category_id {number}") for number in sorted(used)]
    missing = [name for name in missing if plain_name(name) not in ids]
    if missing:
        raise PackError(
            f"{path} has categories that no label of the model is called by",
            got=_some(missing),
            expected=f"some of {_some([label.name for label in manifest.labels])}",
            remedy="call the category as the label is called, or leave its annotations out of the file",
        )
    return {ids[plain_name(name)]: number for number, name in names.items() if plain_name(name) in ids}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _shape(found: object) -> dict[str, Any]:
    """Where a prediction is, as COCO writes it."""
    match found:
        case Detection(box=(x1, y1, x2, y2)):
            return {"bbox": [x1, y1, x2 - x1, y2 - y1]}
        case Instance(mask=mask):
            return {"segmentation": asdict(mask)}
        case Pose(keypoints=keypoints) if len(keypoints) == _JOINTS:
            # COCO's keypoints are indices of pixels: 0 is the centre of the first one, which is 0.5 here.
            return {"keypoints": [value for x, y, score in keypoints for value in (x - 0.5, y - 0.5, score)]}
        case Pose(keypoints=keypoints):
            raise PackError(
                "the model's poses have other joints than the truth's",
                got=f"{len(keypoints)} keypoints",
                expected=f"the {_JOINTS} of COCO",
                remedy="rate it by its agreement with the source model: leave the annotations out",
            )
    raise TypeError(f"{type(found).__name__} is no object on a picture")


def _average_precision(file: _File, records: list[dict[str, Any]], kind: str) -> float:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    # Numbered from 1: for pycocotools a match with annotation 0 is none.
    annotations = [value.model_dump() | {"id": number} for number, value in enumerate(file.annotations, 1)]
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress
        truth = COCO()
        truth.dataset = file.model_dump() | {"annotations": annotations}
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(records), kind)
        evaluation.params.iouThrs = np.array([_IOU])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]  # [recalls, categories] at the IoU, areas of all sizes
    return float(precision[precision > -1].mean())
