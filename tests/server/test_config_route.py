"""Limits set at run time: what is taken, what is refused, and where it holds."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import orjson
import pytest
from PIL import Image
from starlette.testclient import TestClient

from inference_core.oip.byte_strings import pack_strings
from inference_core.oip.messages import SERVICE, message_class
from inference_core.server.grpc import GrpcDoor
from tests.pictures import encode, plain
from tests.server.doors import ask, body_of, open_door, started_app
from tests.server.oip.asking import DETECTOR as OPEN_DETECTOR
from tests.server.oip.asking import send_pictures

CLASSIFIER, DETECTOR = "/models/tiny_classifier", "/models/tiny_detector"
CONFIG = f"{DETECTOR}/config"
GREY = plain((9, 9, 9), 64, 64)
RED = plain((255, 0, 0))
NO_CONFIDENCE = ("-0.1", "1.1", '"0.5"', "true", "[]", "{}", "NaN", "Infinity")
NO_NUMBER = ("0", "100001", "1.5", "true", '"3"', "1e2", "123456789012345678901234567890")


@pytest.fixture
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1, admin=True) as client:
        yield client


def labels(result: Any) -> list[str]:
    return [each["label"] for each in result["predictions"]]


def limits(answer: Any) -> tuple[float | None, int | None]:
    document = answer.json()
    return document["confidence"], document["max_predictions"]


def test_a_change_answers_with_the_whole_configuration_and_null_takes_it_back(
    door: TestClient, tiny_models: Path
) -> None:
    written = (tiny_models / "tiny_detector" / "bundle.json").read_bytes()
    before = door.get(CONFIG).json()
    assert (before["confidence"], before["max_predictions"]) == (None, None)
    for wanted, expected in [
        ({"confidence": 0.8}, (0.8, None)),
        ({"max_predictions": 3}, (0.8, 3)),  # what is not named stays
        ({}, (0.8, 3)),
        ({"confidence": 0, "max_predictions": 100_000}, (0, 100_000)),
        ({"confidence": None}, (None, 100_000)),
        ({"max_predictions": None}, (None, None)),
    ]:
        answer = door.patch(CONFIG, json=wanted)
        assert (answer.status_code, limits(answer)) == (200, expected), wanted
        assert answer.json() == before | dict(zip(("confidence", "max_predictions"), expected, strict=True))
        assert door.get(CONFIG).json() == answer.json()
    assert (tiny_models / "tiny_detector" / "bundle.json").read_bytes() == written


@pytest.mark.parametrize(
    ("content", "place"),
    [
        *((f'{{"confidence": {value}}}', "body.confidence") for value in NO_CONFIDENCE),
        *((f'{{"max_predictions": {value}}}', "body.max_predictions") for value in NO_NUMBER),
        ('{"treshold": 0.5}', "body.treshold"),
        ('{"confidence": 0.9, "labels": []}', "body.labels"),
        ("null", "body"),
        ("[]", "body"),
        ("0.5", "body"),
        ("", "body"),
        ("not json", "body."),
        ('{"confidence": 0.9', "body."),
    ],
)
def test_what_is_no_configuration_is_422_and_changes_nothing(door: TestClient, content: str, place: str) -> None:
    answer = door.patch(CONFIG, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == "invalid_parameter"
    assert f"parameter {place}" in error["message"]
    assert limits(door.get(CONFIG)) == (None, None)


def test_a_change_holds_for_every_way_to_ask(door: TestClient) -> None:
    def asked(query: str = "") -> list[list[str]]:
        files = [("images", ("a.png", GREY, "image/png"))] * 2
        alone = door.post(f"{DETECTOR}/predict{query}", content=GREY).json()
        several = door.post(f"{DETECTOR}/predict_batch{query}", files=files).json()["results"]
        return [labels(each) for each in (alone, *several)]

    def open_inference(**parameters: Any) -> list[str]:
        [output] = send_pictures(door, GREY, path=OPEN_DETECTOR, **parameters).json()["outputs"]
        return labels(orjson.loads(output["data"][0]))

    def drawn() -> bool:
        """Whether the dog is."""
        sent = encode(np.full((640, 640, 3), 77, np.uint8))
        answer = door.post(f"{DETECTOR}/predict_image", content=sent).content
        return bool((np.asarray(Image.open(io.BytesIO(answer)))[600, 160] != 77).any())

    assert (asked(), open_inference(), drawn()) == ([["cat", "dog"]] * 3, ["cat", "dog"], True)
    assert door.patch(CONFIG, json={"confidence": 0.8}).status_code == 200
    assert (asked(), open_inference(), drawn()) == ([["cat"]] * 3, ["cat"], False)
    assert asked("?confidence=0.5") == [["cat", "dog"]] * 3  # a request that says otherwise
    assert labels(door.post(f"{CLASSIFIER}/predict", content=RED).json()) == ["red", "green"]  # another model
    assert door.patch(CONFIG, json={"confidence": 0.2, "max_predictions": 2}).status_code == 200
    assert (asked(), open_inference()) == ([["cat", "dog"]] * 3, ["cat", "dog"])
    assert asked("?max_predictions=9") == [["cat", "dog", "cat"]] * 3


def test_a_change_holds_for_grpc(tiny_models: Path) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models, threads=1, admin=True)
        door = GrpcDoor(service)
        port = await door.start("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            request, response = message_class("ModelInferRequest"), message_class("ModelInferResponse")
            infer = channel.unary_unary(
                f"/{SERVICE}/ModelInfer",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            fields: Any = {
                "model_name": "tiny_detector",
                "inputs": [{"name": "image", "datatype": "BYTES", "shape": [1]}],
                "raw_input_contents": [pack_strings([GREY])],
            }
            before = (await infer(request(**fields))).raw_output_contents[0]
            wanted = body_of(b'{"confidence": 0.8}')
            headers = {"content-type": "application/json"}
            assert (await ask(app, wanted, "PATCH", CONFIG, headers)).status == 200
            after = (await infer(request(**fields))).raw_output_contents[0]
        await door.stop(0)
        await service.stop()
        assert [labels(orjson.loads(text[4:])) for text in (before, after)] == [["cat", "dog"], ["cat"]]

    asyncio.run(check())
