"""Results that come back as what they were."""

from typing import Any

import orjson
import pytest

from inference_core.client.answer import Answer
from inference_core.client.results import read_outcomes, read_result
from inference_core.errors import BusyError, InvalidImageError, UnreachableError
from inference_core.tasks import (
    TASKS,
    Classification,
    Detection,
    ImageSize,
    Instance,
    Picture,
    Pose,
    Prediction,
    Result,
    Rle,
    Timings,
)

BOX = (1.5, 2.0, 30.0, 40.25)
PREDICTIONS: dict[str, Prediction] = {
    "classification": Classification("cat", 3, 0.5),
    "detection": Detection("cat", 3, 0.5, BOX),
    "instance_segmentation": Instance("cat", 3, 0.5, BOX, Rle((480, 640), "abc")),
    "pose": Pose("person", 0, 0.25, ((1.0, 2.0, 0.5), (3.0, 4.0, 1.0))),
    "super_resolution": Picture("picture", 0, 1.0, "iVBORw==", 1280, 960),
}
RESULTS = [
    Result("m", "1.2.0", task, ImageSize(640, 480), (prediction, prediction), Timings(1.0, 2.0, 3.0, 4.0, 5.0))
    for task, prediction in PREDICTIONS.items()
]


def answer(document: Any, status: int = 200) -> Answer:
    return Answer("http://h/x", status, {}, orjson.dumps(document))


def test_every_task_is_here() -> None:
    assert PREDICTIONS.keys() == TASKS.keys()


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.task)
def test_a_result_comes_back_equal(result: Result) -> None:
    assert read_result(answer(result)) == result
    assert hash(read_result(answer(result))) == hash(result)  # tuples all through


def test_a_batch_has_results_and_errors_in_order() -> None:
    error = InvalidImageError("damaged", got="half a JPEG")
    first, second, third = read_outcomes(answer({"results": [RESULTS[1], error.body(), RESULTS[1]]}))
    assert first == third == RESULTS[1]
    assert (type(second), str(second)) == (InvalidImageError, str(error))
    with pytest.raises(BusyError):
        read_outcomes(answer(BusyError("full").body(), 429))


def test_a_newer_server_may_tell_more() -> None:
    document = orjson.loads(orjson.dumps(RESULTS[1]))
    document["more"] = document["timings_ms"]["more"] = document["predictions"][0]["more"] = 1.0
    assert read_result(answer(document)) == RESULTS[1]


@pytest.mark.parametrize("missing", ["task", "image", "predictions", "timings_ms"])
def test_half_a_result_is_none(missing: str) -> None:
    document = orjson.loads(orjson.dumps(RESULTS[0]))
    del document[missing]
    with pytest.raises(UnreachableError):
        read_result(answer(document))
    with pytest.raises(UnreachableError):
        read_outcomes(answer({"results": [document]}))
