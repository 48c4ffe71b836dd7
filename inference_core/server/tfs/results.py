"""Results of the pipeline in the shapes that clients of TensorFlow Serving know."""

from collections.abc import Sequence

from inference_core.tasks import Detection, Result

Named = dict[str, object]
"""Values by the names of outputs."""


def result_rows(results: Sequence[Result]) -> list[Result | Named]:
    """What stands for each picture in `predictions`.

    * detection: the outputs of TensorFlow's Object Detection API: `num_detections`; `detection_boxes`, ymin, xmin, ymax
      and xmax as parts of the picture, 0 to 1; `detection_classes`; `detection_scores`. All are floats there. Where
      pictures have different numbers of objects, the lists are filled up with zeros.
    * classification: `classes`, the labels, and `scores`, best first.
    * other tasks: the result as `POST /models/{name}/predict` gives it.
    """
    most = max(len(result.predictions) for result in results)
    return [_row(result, most) for result in results]


def result_columns(results: Sequence[Result]) -> object:
    """The same as `outputs`: an object of lists over the pictures, or a list of results."""
    rows = result_rows(results)
    named = [row for row in rows if isinstance(row, dict)]
    return {name: [row[name] for row in named] for name in named[0]} if named else rows


def class_scores(result: Result) -> list[tuple[str, float]]:
    """Label and score of each class, best first: the form of `:classify`."""
    return [(each.label, each.score) for each in result.predictions]


def _row(result: Result, most: int) -> Result | Named:
    match result.task:
        case "detection":
            return _detections(result, most)
        case "classification":
            classes = class_scores(result)
            return {"classes": [label for label, _ in classes], "scores": [score for _, score in classes]}
        case _:
            return result


def _detections(result: Result, most: int) -> Named:
    found = [each for each in result.predictions if isinstance(each, Detection)]
    missing = most - len(found)
    width, height = result.image.width, result.image.height
    boxes = [[y1 / height, x1 / width, y2 / height, x2 / width] for x1, y1, x2, y2 in (each.box for each in found)]
    return {
        "num_detections": float(len(found)),
        "detection_boxes": boxes + [[0.0] * 4] * missing,
        "detection_classes": [float(each.class_id) for each in found] + [0.0] * missing,
        "detection_scores": [each.score for each in found] + [0.0] * missing,
    }
