"""Over HTTP: poses with their skeleton, and pictures that a model makes."""

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from inference_core.tasks.canvas import color_of
from tests.models import pack_enlarger, pack_pose
from tests.pictures import encode, noise
from tests.server.doors import open_door

RED, GREEN, BLUE = (75, 75), (75, 285), (285, 285)
"""Centres of dots, x and y, in a picture of 320 x 320."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("drawn")
    models = pack_pose(folder).parent
    pack_enlarger(folder)
    with open_door(models) as client:
        yield client


def dots(blue: int = 255) -> bytes:
    pixels = np.zeros((320, 320, 3), np.uint8)
    for channel, ((x, y), level) in enumerate(((RED, 255), (GREEN, 255), (BLUE, blue))):
        pixels[y - 5 : y + 5, x - 5 : x + 5, channel] = level
    return encode(pixels)


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as file:
        return file.convert("RGB")


def test_the_skeleton_is_drawn_and_told(door: TestClient) -> None:
    drawn = opened(door.post("/models/tiny_pose/predict_image", content=dots()).content)
    assert drawn.getpixel((RED[0], 180)) == color_of(1)
    assert drawn.getpixel((180, GREEN[1])) == color_of(2)
    assert drawn.getpixel((180, 180)) == (0, 0, 0)
    unsure = opened(door.post("/models/tiny_pose/predict_image", content=dots(blue=75)).content)
    assert unsure.getpixel((RED[0], 180)) == color_of(1)
    assert unsure.getpixel((180, GREEN[1])) == (0, 0, 0)
    assert door.get("/models/tiny_pose/config").json()["skeleton"] == [[0, 1], [1, 2]]
    assert "skeleton" not in door.get("/models/tiny_enlarger/config").json()


def test_an_enlarged_picture_is_given_in_json_and_by_itself(door: TestClient) -> None:
    sent = encode(noise(20, 14))
    answer = door.post("/models/tiny_enlarger/predict", content=sent).json()
    assert (answer["task"], answer["image"]) == ("super_resolution", {"width": 20, "height": 14})
    [prediction] = answer["predictions"]
    assert {name: value for name, value in prediction.items() if name != "image"} == {
        "label": "picture",
        "class_id": 0,
        "score": 1.0,
        "width": 40,
        "height": 28,
    }
    made = opened(base64.b64decode(prediction["image"]))
    assert made.size == (40, 28)
    drawn = opened(door.post("/models/tiny_enlarger/predict_image", content=sent).content)
    assert drawn.tobytes() == made.tobytes()
