"""BMW's shapes, from results written by hand."""

import pytest

from inference_core.errors import InvalidParameterError
from inference_core.server.bmw.shapes import api_response, bounding_boxes, check_boxed
from inference_core.tasks import Classification, Detection, ImageSize, Instance, Result, Rle


def result(*predictions: Detection | Instance | Classification) -> Result:
    return Result("m", "1", "detection", ImageSize(100, 50), predictions)


def test_boxes_are_whole_pixels_and_percent() -> None:
    found = Detection("cat", 17, 0.5, (-0.7, 1.5, 99.4, 49.6))
    assert bounding_boxes(result(found)) == {
        "bounding-boxes": [
            {
                "ObjectClassName": "cat",
                "confidence": 50.0,
                "coordinates": {"left": 0, "top": 2, "right": 99, "bottom": 50},
                "ObjectClassId": 17,
            }
        ]
    }


def test_instances_have_boxes_and_classes_have_none() -> None:
    instance = Instance("dog", 1, 1.0, (1.0, 2.0, 3.0, 4.0), Rle((50, 100), ""))
    [box] = bounding_boxes(result(instance, Classification("dog", 1, 1.0)))["bounding-boxes"]
    assert (box["ObjectClassName"], box["confidence"]) == ("dog", 100.0)


@pytest.mark.parametrize("task", ["classification", "pose"])
def test_a_task_without_boxes_is_refused(task: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        check_boxed("m", task)
    assert caught.value.got == f"a model for {task}"


@pytest.mark.parametrize("task", ["detection", "instance_segmentation"])
def test_a_task_with_boxes_is_not(task: str) -> None:
    check_boxed("m", task)


def test_what_surrounds_an_answer() -> None:
    assert api_response() == {"data": None, "error": "", "success": True}
