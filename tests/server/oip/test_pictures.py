"""Encoded pictures as a tensor: the results of the pipeline, one element for each."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from tests.pictures import encode, noise, plain
from tests.server.doors import open_door
from tests.server.oip.asking import DETECTOR, infer, send_pictures, tensor

RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as opened:
        yield opened


def results(response: Any) -> list[Any]:
    [output] = response.json()["outputs"]
    assert (output["name"], output["datatype"]) == ("result", "BYTES")
    return [orjson.loads(text) for text in output["data"]]


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "timings_ms"}


def test_a_result_is_that_of_predict(client: TestClient) -> None:
    response = send_pictures(client, RED)
    [result] = results(response)
    expected = client.post("/models/tiny_classifier/predict", content=RED).json()
    assert without_times(result) == without_times(expected)
    assert result["predictions"][0]["label"] == "red"
    assert result["timings_ms"].keys() == expected["timings_ms"].keys()


def test_pictures_may_come_as_base64(client: TestClient) -> None:
    text = base64.b64encode(BLUE).decode()
    [result] = results(infer(client, tensor("image", [1], [text], "BYTES", content_type="base64")))
    assert result["predictions"][0]["label"] == "blue"


def test_of_several_a_bad_one_has_an_error_for_an_element(client: TestClient) -> None:
    response = send_pictures(client, RED, b"no picture", BLUE, shape=[3, 1])
    assert response.json()["outputs"][0]["shape"] == [3, 1]
    first, bad, last = results(response)
    assert [item["predictions"][0]["label"] for item in (first, last)] == ["red", "blue"]
    assert bad["error"]["code"] == "unsupported_media_type"


def test_a_single_bad_one_is_an_error_of_the_request(client: TestClient) -> None:
    for file, status in ((b"no picture", 415), (encode(noise(20, 20))[:300], 422), (b"", 400)):
        response = send_pictures(client, file)
        assert response.status_code == status
        assert list(response.json()) == ["error"]


def test_a_single_bad_one_is_an_element_where_that_is_wanted(client: TestClient) -> None:
    for file, code in ((b"no picture", "unsupported_media_type"), (encode(noise(20, 20))[:300], "invalid_image")):
        [bad] = results(send_pictures(client, file, errors_inside=True))
        assert bad["error"]["code"] == code
        assert bad["error"].keys() == {"code", "message", "got", "expected", "remedy"}
        for unwanted in (False, "true", 1):
            assert send_pictures(client, file, errors_inside=unwanted).status_code in (415, 422)
    [good] = results(send_pictures(client, RED, errors_inside=True))
    assert good["predictions"][0]["label"] == "red"


def test_limits_are_heeded(client: TestClient) -> None:
    [result] = results(send_pictures(client, RED, max_predictions=1))
    assert [prediction["label"] for prediction in result["predictions"]] == ["red"]
    [result] = results(send_pictures(client, RED, path=DETECTOR))
    assert [prediction["label"] for prediction in result["predictions"]] == ["cat", "dog"]
    [result] = results(send_pictures(client, RED, path=DETECTOR, confidence="0.8"))
    assert [prediction["label"] for prediction in result["predictions"]] == ["cat"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"confidence": 1.1},
        {"confidence": "high"},
        {"confidence": True},
        {"confidence": "nan"},
        {"confidence": []},
        {"max_predictions": 0},
        {"max_predictions": 1.5},
        {"max_predictions": "inf"},
    ],
)
def test_limits_out_of_range_are_refused(client: TestClient, parameters: dict[str, Any]) -> None:
    response = send_pictures(client, RED, **parameters)
    assert response.status_code == 400
    assert next(iter(parameters)) in response.json()["error"]


def test_other_shapes_and_too_many_are_refused(tiny_models: Path) -> None:
    with open_door(tiny_models, max_images=2) as client:
        assert send_pictures(client, RED, RED).status_code == 200
        assert send_pictures(client, RED, RED, RED).status_code == 413
        for shape in ([1, 2], [2, 1, 1]):
            assert send_pictures(client, RED, RED, shape=shape).status_code == 400
        assert send_pictures(client, shape=[0]).status_code == 400
