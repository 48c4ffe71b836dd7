"""Answers as BMW's API gives them."""

from typing import Any

from inference_core.errors import InvalidParameterError
from inference_core.tasks import Detection, Instance, Result

BOXED_TASKS = ("detection", "instance_segmentation")
"""The tasks whose predictions have boxes."""


def check_boxed(model: str, task: str) -> None:
    """Raises InvalidParameterError unless the predictions of `task` have boxes."""
    if task not in BOXED_TASKS:
        raise InvalidParameterError(
            f"model {model} finds no boxes",
            got=f"a model for {task}",
            expected=f"one for {' or '.join(BOXED_TASKS)}",
            remedy=f"ask POST /models/{model}/predict",
        )


def bounding_boxes(result: Result) -> dict[str, list[dict[str, Any]]]:
    """The objects, best first: `confidence` in percent, `coordinates` in whole pixels of the upright image."""
    found = (each for each in result.predictions if isinstance(each, Detection | Instance))
    return {"bounding-boxes": [_bounding_box(each) for each in found]}


def api_response(data: object = None) -> dict[str, object]:
    """What surrounds the answers of most of BMW's routes, where all went well."""
    return {"data": data, "error": "", "success": True}


def _bounding_box(found: Detection | Instance) -> dict[str, Any]:
    left, top, right, bottom = (max(0, round(value)) for value in found.box)
    return {
        "ObjectClassName": found.label,
        "confidence": found.score * 100,
        "coordinates": {"left": left, "top": top, "right": right, "bottom": bottom},
        "ObjectClassId": found.class_id,
    }
