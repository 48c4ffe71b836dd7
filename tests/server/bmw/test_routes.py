"""BMW's routes over the tiny bundles, worked out by hand, and over a real model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from inference_core.bundle import read_manifest
from inference_core.packing import pack_model
from inference_core.server.bmw.ids import label_ids, model_id
from tests.assets import ASSETS, BEAR, needs_assets
from tests.pictures import plain
from tests.server.doors import open_door

RED = plain((255, 0, 0), 64, 32)
"""Twice as wide as the detector's input, so that its boxes are twice as large in the picture."""
BOXES = [
    {
        "ObjectClassName": "cat",
        "confidence": pytest.approx(90),
        "coordinates": {"left": 0, "top": 0, "right": 32, "bottom": 32},
        "ObjectClassId": 0,
    },
    {
        "ObjectClassName": "dog",
        "confidence": pytest.approx(70),
        "coordinates": {"left": 16, "top": 16, "right": 64, "bottom": 32},
        "ObjectClassId": 1,
    },
]


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1) as client:
        yield client


@pytest.fixture(scope="module")
def ids(tiny_models: Path) -> dict[str, str]:
    names = ("tiny_classifier", "tiny_detector")
    return {name: model_id(read_manifest(tiny_models / name)) for name in names}


def test_load_tells_the_ids_and_loads(tiny_models: Path, ids: dict[str, str]) -> None:
    with open_door(tiny_models, threads=1, load="lazy") as door:
        assert [model["state"] for model in door.get("/models").json()["models"]] == ["unloaded"] * 2
        assert door.get("/load").json() == ids
        assert [model["state"] for model in door.get("/models").json()["models"]] == ["ready"] * 2


def test_load_leaves_out_what_was_unloaded_on_purpose(tiny_models: Path, ids: dict[str, str]) -> None:
    with open_door(tiny_models, threads=1, admin=True) as door:
        door.post("/models/tiny_detector/unload")
        assert door.get("/load").json() == {"tiny_classifier": ids["tiny_classifier"]}
        answer = door.post("/detect", data={"model": ids["tiny_detector"]}, files={"image": RED})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_detect_takes_an_id_or_a_name(door: TestClient, ids: dict[str, str]) -> None:
    for model in (ids["tiny_detector"], "tiny_detector"):
        answer = door.post("/detect", data={"model": model}, files={"image": RED})
        assert (answer.status_code, answer.json()) == (200, {"bounding-boxes": BOXES})
        assert "infer" in answer.headers["server-timing"]


@pytest.mark.parametrize(
    ("model", "image", "status", "message"),
    [
        ("tiny_classifier", RED, 422, "model tiny_classifier finds no boxes"),
        ("nothing", RED, 404, "there is no model nothing"),
        ("00000000-0000-0000-0000-000000000000", RED, 404, "there is no model of that id"),
        ("tiny_detector", b"no picture", 415, "the bytes are not an image of a known format"),
    ],
)
def test_detect_says_what_is_wrong(door: TestClient, model: str, image: bytes, status: int, message: str) -> None:
    answer = door.post("/detect", data={"model": model}, files={"image": image})
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, message)


def test_detect_wants_both_fields(door: TestClient) -> None:
    assert door.post("/detect", files={"image": RED}).status_code == 422
    assert door.post("/detect", data={"model": "tiny_detector"}).json()["error"]["message"] == "the form has no file"
    assert door.post("/detect", content=RED, headers={"content-type": "image/png"}).status_code == 415


def test_get_labels_tells_ids_by_form_and_by_query(door: TestClient, tiny_models: Path, ids: dict[str, str]) -> None:
    expected = label_ids(read_manifest(tiny_models / "tiny_detector"))
    assert list(expected) == ["cat", "dog"]
    for model in (ids["tiny_detector"], "tiny_detector"):
        assert door.post("/get_labels", data={"model": model}).json() == expected
        assert door.post("/get_labels", files={"model": (None, model)}).json() == expected
        assert door.get("/get_labels", params={"model": model}).json() == expected
    assert door.get("/get_labels").status_code == door.post("/get_labels", data={"other": "1"}).status_code == 422
    assert door.get("/get_labels", params={"model": "nothing"}).status_code == 404


def test_load_of_one_model_needs_no_admin(tiny_models: Path) -> None:
    with open_door(tiny_models, threads=1, load="lazy") as door:
        for _ in range(2):
            answer = door.get("/models/tiny_detector/load")
            assert (answer.status_code, answer.json()) == (200, {"data": None, "error": "", "success": True})
        assert door.get("/models/tiny_detector/status").json()["versions"][0]["state"] == "ready"
        assert door.get("/models/tiny_classifier/status").json()["versions"][0]["state"] == "unloaded"
        assert door.get("/models/nothing/load").status_code == 404
        assert door.get("/models/tiny_detector/load?force=true").status_code == 403


def test_force_loads_what_was_unloaded_on_purpose(tiny_models: Path) -> None:
    with open_door(tiny_models, threads=1, admin=True) as door:
        door.post("/models/tiny_detector/unload")
        assert door.get("/models/tiny_detector/load").status_code == 503
        assert door.get("/models/tiny_detector/load?force=true").json()["success"] is True
        assert door.get("/models/tiny_detector/load").status_code == 200


def test_the_routes_are_documented(door: TestClient) -> None:
    paths = door.get("/openapi.json").json()["paths"]
    for path, method in [
        ("/load", "get"),
        ("/detect", "post"),
        ("/get_labels", "get"),
        ("/get_labels", "post"),
        ("/models/{name}/load", "get"),
    ]:
        assert paths[path][method]["tags"] == ["BMW inference API"]
        assert {"200", "503", "default"} <= paths[path][method]["responses"].keys()
    assert paths["/models/{name}/load"]["post"]["tags"] == ["models"]


@needs_assets
@pytest.mark.assets
def test_the_bear_is_detected(tmp_path: Path) -> None:
    pack_model(ASSETS / "models/yolox_nano/yolox_nano.onnx", "yolox_nano", tmp_path / "yolox", images=[BEAR])
    with open_door(tmp_path, threads=1) as door:
        model = door.get("/load").json()["yolox_nano"]
        [bear] = door.post("/detect", data={"model": model}, files={"image": BEAR.read_bytes()}).json()[
            "bounding-boxes"
        ]
        [found] = door.post("/models/yolox_nano/predict", content=BEAR.read_bytes()).json()["predictions"]
    assert (bear["ObjectClassName"], bear["ObjectClassId"]) == ("bear", 21)
    assert bear["confidence"] == pytest.approx(found["score"] * 100) and bear["confidence"] > 90
    assert list(bear["coordinates"].values()) == [round(value) for value in found["box"]]
