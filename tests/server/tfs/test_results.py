"""Results in TensorFlow Serving's shapes, from results written by hand."""

from inference_core.server.tfs.results import class_scores, result_columns, result_rows
from inference_core.tasks import Classification, Detection, ImageSize, Pose, Prediction, Result

SIZE = ImageSize(200, 100)


def result(task: str, *predictions: Prediction) -> Result:
    return Result("m", "1", task, SIZE, predictions)


CAT = Detection("cat", 17, 0.75, (20.0, 10.0, 100.0, 50.0))
DOG = Detection("dog", 18, 0.5, (0.0, 0.0, 200.0, 100.0))


def test_boxes_are_parts_of_the_picture_and_y_comes_first() -> None:
    assert result_rows([result("detection", CAT, DOG)]) == [
        {
            "num_detections": 2.0,
            "detection_boxes": [[0.1, 0.1, 0.5, 0.5], [0.0, 0.0, 1.0, 1.0]],
            "detection_classes": [17.0, 18.0],
            "detection_scores": [0.75, 0.5],
        }
    ]


def test_fewer_objects_are_filled_up_with_zeros() -> None:
    columns = result_columns([result("detection", DOG, CAT), result("detection"), result("detection", CAT)])
    assert columns == {
        "num_detections": [2.0, 0.0, 1.0],
        "detection_boxes": [
            [[0.0, 0.0, 1.0, 1.0], [0.1, 0.1, 0.5, 0.5]],
            [[0.0] * 4, [0.0] * 4],
            [[0.1, 0.1, 0.5, 0.5], [0.0] * 4],
        ],
        "detection_classes": [[18.0, 17.0], [0.0, 0.0], [17.0, 0.0]],
        "detection_scores": [[0.5, 0.75], [0.0, 0.0], [0.75, 0.0]],
    }


def test_nothing_found_is_an_empty_list() -> None:
    [row] = result_rows([result("detection")])
    assert row == {"num_detections": 0.0, "detection_boxes": [], "detection_classes": [], "detection_scores": []}


def test_classes_and_scores_go_side_by_side() -> None:
    found = result("classification", Classification("red", 0, 0.75), Classification("blue", 2, 0.25))
    row = {"classes": ["red", "blue"], "scores": [0.75, 0.25]}
    assert result_rows([found, found]) == [row, row]
    assert result_columns([found]) == {"classes": [["red", "blue"]], "scores": [[0.75, 0.25]]}
    assert class_scores(found) == [("red", 0.75), ("blue", 0.25)]


def test_other_tasks_give_the_result_itself() -> None:
    found = result("pose", Pose("person", 0, 0.5, ((1.0, 2.0, 0.5),)))
    assert result_rows([found]) == result_columns([found]) == [found]
