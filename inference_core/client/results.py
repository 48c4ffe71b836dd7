"""Results as the records that the server made them from."""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from inference_core.client.answer import Answer, Json
from inference_core.client.failures import checked, failure
from inference_core.errors import SatchelError

if TYPE_CHECKING:
    from inference_core.tasks import ImageSize, Prediction, Result, Timings


T = TypeVar("T", "ImageSize", "Timings")


def read_result(answer: Answer) -> "Result":
    """The one in an answer of `predict`."""
    document = checked(answer).json()
    try:
        return result_of(document)
    except (KeyError, TypeError, ValueError) as error:
        raise answer.foreign() from error


def read_outcomes(answer: Answer) -> "list[Result | SatchelError]":
    """Those in an answer of `predict_batch`."""
    document = checked(answer).json()
    try:
        return [failure(entry["error"]) if "error" in entry else result_of(entry) for entry in document["results"]]
    except (KeyError, TypeError, ValueError) as error:
        raise answer.foreign() from error


def result_of(document: Json) -> "Result":
    """The one that `document` spells out. KeyError, TypeError or ValueError where it spells none."""
    from inference_core.tasks import ImageSize, Result, Timings

    read = _readers()[document["task"]]
    return Result(
        model=document["model"],
        version=document["version"],
        task=document["task"],
        image=_known(ImageSize, document["image"]),
        predictions=tuple(read(prediction) for prediction in document["predictions"]),
        timings_ms=_known(Timings, document["timings_ms"]),
    )


def _known(kind: type[T], document: Json) -> T:
    """Of a server that tells more than this version knows."""
    names = {f.name for f in fields(kind)}
    return kind(**{name: value for name, value in document.items() if name in names})


def _readers() -> "dict[str, Callable[[Json], Prediction]]":
    """What a prediction is, for each task."""
    from inference_core.tasks import Classification, Detection, Instance, Picture, Pose, Rle

    def detection(p: Json) -> Detection:
        return Detection(**_common(p), box=tuple(p["box"]))

    def instance(p: Json) -> Instance:
        height, width = p["mask"]["size"]
        return Instance(**_common(p), box=tuple(p["box"]), mask=Rle((height, width), p["mask"]["counts"]))

    def pose(p: Json) -> Pose:
        return Pose(**_common(p), keypoints=tuple(tuple(point) for point in p["keypoints"]))

    def picture(p: Json) -> Picture:
        return Picture(**_common(p), image=p["image"], width=p["width"], height=p["height"])

    return {
        "classification": lambda p: Classification(**_common(p)),
        "detection": detection,
        "instance_segmentation": instance,
        "pose": pose,
        "super_resolution": picture,
    }


def _common(prediction: Json) -> dict[str, Any]:
    return {name: prediction[name] for name in ("label", "class_id", "score")}
