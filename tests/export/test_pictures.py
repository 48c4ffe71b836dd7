"""What programs of ours answer to pictures is what Satchel's own Open Inference door answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from inference_core.bundle import open_bundle
from inference_core.errors import BadRequestError
from inference_core.export.pictures import predict_pictures
from inference_core.pipeline import LocalPredictor
from tests.pictures import plain
from tests.server.doors import open_door
from tests.server.oip.asking import send_pictures

RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))


@pytest.fixture(scope="module")
def predictor(tiny_models: Path) -> Iterator[LocalPredictor]:
    with open_bundle(tiny_models / "tiny_classifier") as bundle, LocalPredictor.load(bundle) as opened:
        yield opened


def answers(texts: list[Any]) -> list[dict[str, Any]]:
    read = [orjson.loads(text) for text in texts]
    return [{key: value for key, value in answer.items() if key != "timings_ms"} for answer in read]


@pytest.mark.parametrize("parameters", [{}, {"max_predictions": 1}, {"confidence": "0.4", "max_predictions": "2"}])
def test_they_are_the_doors(tiny_models: Path, predictor: LocalPredictor, parameters: dict[str, Any]) -> None:
    with open_door(tiny_models) as client:
        [output] = send_pictures(client, RED, b"no picture", BLUE, **parameters).json()["outputs"]
    found = answers(predict_pictures(predictor, [RED, b"no picture", BLUE], parameters))
    assert found == answers(output["data"])
    assert found[0]["predictions"][0]["label"] == "red"
    assert found[1]["error"]["code"] == "unsupported_media_type"


def test_what_else_a_request_says_is_left_alone(predictor: LocalPredictor) -> None:
    [answer] = answers(predict_pictures(predictor, [BLUE], {"errors_inside": True, "sequence_id": 3}))
    assert answer["predictions"][0]["label"] == "blue"


@pytest.mark.parametrize(
    "parameters",
    [
        {"confidence": 1.5},
        {"confidence": "nan"},
        {"confidence": "high"},
        {"max_predictions": 0},
        {"max_predictions": 1.5},
    ],
)
def test_limits_out_of_range_are_refused(predictor: LocalPredictor, parameters: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match=r"^parameter \w+ cannot be used\n"):
        predict_pictures(predictor, [RED], parameters)
