"""Prediction over HTTP: what a caller may ask otherwise, several pictures at once, and the drawn one."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from inference_core.tasks.canvas import color_of
from tests.pictures import encode, noise, plain
from tests.repository.bundles import pack_version, put
from tests.server.doors import open_door

CLASSIFIER, DETECTOR = "/models/tiny_classifier", "/models/tiny_detector"
GREY = plain((9, 9, 9), 64, 64)
RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))
CATS_AND_DOG = [("cat", 0.9), ("dog", 0.7), ("cat", 0.3)]
ERROR_KEYS = ["code", "expected", "got", "message", "remedy"]


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1, max_images=3) as client:
        yield client


def found(answer: Any) -> list[tuple[str, float]]:
    return [(each["label"], round(each["score"], 5)) for each in answer["predictions"]]


def files(*pictures: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("images", (f"{number}.png", picture, "image/png")) for number, picture in enumerate(pictures)]


def base64_of(*pictures: bytes) -> dict[str, list[str]]:
    return {"images": [base64.b64encode(picture).decode() for picture in pictures]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", CATS_AND_DOG[:2]),
        ("?confidence=0.8", CATS_AND_DOG[:1]),
        ("?confidence=0.2", CATS_AND_DOG),  # below what the bundle says
        ("?confidence=1", []),
        ("?max_predictions=1", CATS_AND_DOG[:1]),
        ("?confidence=0.2&max_predictions=2&version=1", CATS_AND_DOG[:2]),
    ],
)
def test_a_caller_chooses_how_sure_and_how_many(
    door: TestClient, query: str, expected: list[tuple[str, float]]
) -> None:
    answer = door.post(f"{DETECTOR}/predict{query}", content=GREY).json()
    several = door.post(f"{DETECTOR}/predict_batch{query}", files=files(GREY)).json()["results"]
    assert found(answer) == expected
    assert [found(each) for each in several] == [expected]


@pytest.mark.parametrize("verb", ["predict", "predict_batch", "predict_image"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *(("confidence", value) for value in ("-0.01", "1.01", "nan", "inf", "-inf", "sure", "", "1e999")),
        *(("max_predictions", value) for value in ("0", "-1", "100001", "1.5", "many", "", "9" * 30)),
    ],
)
def test_a_parameter_out_of_range_is_422_and_named(door: TestClient, verb: str, parameter: str, value: str) -> None:
    answer = door.post(f"{DETECTOR}/{verb}", params={parameter: value}, content=GREY)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_parameter")
    assert error["message"] == f"parameter query.{parameter} cannot be used"
    assert sorted(error) == ERROR_KEYS
    assert error["got"] == repr(value)


@pytest.mark.parametrize("verb", ["predict", "predict_batch", "predict_image"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/models/nobody/{}", "there is no model nobody"),
        (DETECTOR + "/{}?version=2", "model tiny_detector has no version 2"),
    ],
)
def test_a_model_or_version_that_is_not_there_is_404(door: TestClient, verb: str, path: str, message: str) -> None:
    answer = door.post(path.format(verb), content=GREY)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, message)


def test_a_version_that_is_named_answers(tmp_path: Path) -> None:
    for version, scale in (("1", 1.0), ("2", 10.0)):
        put(pack_version(tmp_path / version, version, scale=scale), tmp_path / "models" / "tiny_classifier" / version)
    with open_door(tmp_path / "models", threads=1) as door:
        answers = {
            query: door.post(f"{CLASSIFIER}/predict{query}", content=RED).json()
            for query in ("", "?version=1", "?version=2")
        }
    assert {query: answer["version"] for query, answer in answers.items()} == {
        "": "2",
        "?version=1": "1",
        "?version=2": "2",
    }
    assert answers["?version=1"]["predictions"][0]["score"] < 0.6 < answers[""]["predictions"][0]["score"]


@pytest.mark.parametrize("how", ["form", "json"])
def test_a_batch_has_an_outcome_for_each_picture_in_order(door: TestClient, how: str) -> None:
    pictures = (RED, b"no picture", BLUE)
    request: dict[str, Any] = {"files": files(*pictures)} if how == "form" else {"json": base64_of(*pictures)}
    answer = door.post(f"{CLASSIFIER}/predict_batch", **request)
    assert answer.status_code == 200
    first, bad, last = answer.json()["results"]
    assert [(each["model"], each["predictions"][0]["label"]) for each in (first, last)] == [
        ("tiny_classifier", "red"),
        ("tiny_classifier", "blue"),
    ]
    assert sorted(bad) == ["error"]
    assert (bad["error"]["code"], sorted(bad["error"])) == ("unsupported_media_type", ERROR_KEYS)


@pytest.mark.parametrize("how", ["form", "json"])
def test_more_pictures_than_allowed_are_413(door: TestClient, how: str) -> None:
    def send(count: int) -> Any:
        pictures = [RED] * count
        request: dict[str, Any] = {"files": files(*pictures)} if how == "form" else {"json": base64_of(*pictures)}
        return door.post(f"{CLASSIFIER}/predict_batch", **request)

    assert send(3).status_code == 200
    refused = send(4)
    assert (refused.status_code, refused.json()["error"]["message"]) == (413, "the batch has too many images")
    assert refused.json()["error"]["expected"] == "at most 3"


@pytest.mark.parametrize(
    "request_body",
    [
        {"content": b""},
        {"json": {"images": []}},
        {"json": {"images": "YWJj"}},
        {"json": {"images": [None]}},
        {"json": {"image": "YWJj"}},
        {"data": {"images": "no file"}, "files": {}},
        {"content": b"--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ],
)
def test_a_batch_of_nothing_is_refused(door: TestClient, request_body: dict[str, Any]) -> None:
    answer = door.post(f"{CLASSIFIER}/predict_batch", **request_body)
    kind = answer.request.headers.get("content-type", "")
    expected = (415, "unsupported_media_type") if "urlencoded" in kind else (400, "bad_request")
    assert (answer.status_code, answer.json()["error"]["code"]) == expected


def test_one_raw_picture_is_no_batch(door: TestClient) -> None:
    answer = door.post(f"{CLASSIFIER}/predict_batch", content=RED, headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["error"]["got"]) == (415, "image/png")


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "PNG"),
        ("*/*", "PNG"),
        ("image/*", "PNG"),
        ("image/jpeg", "JPEG"),
        ("text/html, image/jpeg;q=0.9, */*;q=0.1", "JPEG"),
        ("IMAGE/JPEG", "JPEG"),
    ],
)
def test_a_drawn_picture_is_a_png_unless_another_is_liked_better(
    door: TestClient, accept: str | None, kind: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = door.post(f"{DETECTOR}/predict_image", content=plain((9, 9, 9), 70, 50), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{kind.lower()}")
    drawn = opened(answer.content)
    assert (drawn.format, drawn.size) == (kind, (70, 50))


def test_other_formats_are_406_whatever_is_sent(door: TestClient) -> None:
    answer = door.post(f"{DETECTOR}/predict_image", content=b"no picture", headers={"Accept": "image/webp"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (406, "not_acceptable")
    assert answer.json()["error"]["expected"] == "image/png or image/jpeg"


def test_a_drawn_picture_differs_where_a_box_is_and_nowhere_else(door: TestClient) -> None:
    sent = noise(640, 640)
    answer = door.post(f"{DETECTOR}/predict_image", content=encode(sent))
    drawn = np.asarray(opened(answer.content).convert("RGB"))
    assert drawn.shape == sent.shape
    allowed = np.zeros(sent.shape[:2], bool)
    for left, top, right, bottom in ((0, 0, 320, 320), (160, 160, 639, 639)):  # 20 times as large as the model's
        allowed[top : top + 24, left : left + 120] = True  # the tag
        inside = np.zeros_like(allowed)
        inside[top : bottom + 1, left : right + 1] = True
        inside[top + 3 : bottom - 2, left + 3 : right - 2] = False
        allowed |= inside
    changed = (drawn != sent).any(axis=2)
    assert not (changed & ~allowed).any()
    assert (drawn[319, 30:300] == color_of(0)).all()  # the lower edge of the cat
    assert (drawn[600, 160] == color_of(1)).all()  # the left edge of the dog
    assert changed[2:10, 2:60].any()


def test_a_drawing_shows_what_the_caller_asked_for(door: TestClient) -> None:
    sent = encode(np.full((640, 640, 3), 77, np.uint8))
    both, cat, none = (
        np.asarray(opened(door.post(f"{DETECTOR}/predict_image{query}", content=sent).content))
        for query in ("", "?confidence=0.8", "?confidence=1")
    )
    assert (none == 77).all()
    assert (cat[600, 160] == 77).all()
    assert (cat[319, 100] == both[319, 100]).all()
    assert (both[600, 160] == color_of(1)).all()


def test_a_drawing_is_upright_where_the_picture_says_how(door: TestClient) -> None:
    sent = Image.new("RGB", (80, 40), (10, 200, 10))
    sent.paste((200, 10, 10), (0, 0, 80, 4))  # the upper edge of the file: the right one when it is upright
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by a quarter
    picture = encode(sent, "JPEG", quality=100, subsampling=0, exif=exif)
    size = door.post(f"{DETECTOR}/predict", content=picture).json()["image"]
    assert size == {"width": 40, "height": 80}
    answer = door.post(f"{DETECTOR}/predict_image?confidence=1", content=picture)
    drawn = opened(answer.content)
    assert drawn.size == (40, 80)
    assert drawn.getexif().get(0x0112, 1) == 1  # or a viewer would turn it again
    pixels = np.asarray(drawn.convert("RGB")).astype(int)
    assert abs(pixels[40, 38] - (200, 10, 10)).max() < 30
    assert abs(pixels[40, 1] - (10, 200, 10)).max() < 30


@pytest.mark.parametrize(("content", "status"), [(b"", 400), (b"no picture", 415), (RED[:45], 422)])
def test_a_picture_that_cannot_be_drawn_on_is_refused_as_ever(door: TestClient, content: bytes, status: int) -> None:
    drawn, told = (door.post(f"{DETECTOR}/{verb}", content=content) for verb in ("predict_image", "predict"))
    assert (drawn.status_code, told.status_code) == (status, status)
    assert drawn.json() == told.json()
    assert json.loads(drawn.content)["error"]["message"]
