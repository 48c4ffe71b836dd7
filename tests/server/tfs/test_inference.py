"""What an inference refuses, and what it says: hostile bodies, bad pictures, and too many of them."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.pictures import plain
from tests.server.doors import open_door

CLASSIFIER, DETECTOR = "/v1/models/tiny_classifier", "/v1/models/tiny_detector"


def b64(picture: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(picture).decode()}


RED = b64(plain((255, 0, 0)))


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, threads=1) as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b'{"instances": [NaN]}',
        b'{"instances": ' + b"[" * 100_000,
        b'{"instances": ' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"instances": [1], "inputs": [1]}',
        b'{"instances": [{"b64": "%%%"}]}',
        b'{"instances": [{"b64": {"b64": "aGk="}}]}',
        b'{"instances": [[[[1, 2], [3]]]]}',
        b'{"instances": [1e39]}',
        b'{"instances": [{"images": {"images": 1}}]}',
        b'{"inputs": {"images": null, "other": []}}',
        b'{"instances": ["' + b"a" * 1_000_000 + b'", ' + b",".join([b'"b"'] * 100_000) + b"]}",
        b'{"instances": [' + b",".join([b"1"] * 1_000_000) + b"]}",
    ],
    ids=lambda body: body[:40].decode(),
)
def test_hostile_bodies_are_400(door: TestClient, body: bytes) -> None:
    answer = door.post(f"{CLASSIFIER}:predict", content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert len(answer.text) < 1000


def test_a_bad_picture_among_others_is_named(door: TestClient) -> None:
    answer = door.post(f"{CLASSIFIER}:predict", json={"instances": [RED, b64(b"no picture")]})
    assert answer.status_code == 415
    assert answer.json()["error"].startswith("instance 1: the bytes are not an image of a known format\n")
    answer = door.post(f"{CLASSIFIER}:predict", json={"instances": [b64(b"no picture")]})
    assert answer.json()["error"].startswith("the bytes are not an image of a known format\n")


def test_no_more_pictures_than_allowed(tiny_models: Path) -> None:
    with open_door(tiny_models, threads=1, max_images=2) as door:
        assert door.post(f"{CLASSIFIER}:predict", json={"instances": [RED, RED]}).status_code == 200
        for path, document in (("predict", {"inputs": [RED] * 3}), ("classify", {"examples": [{"x": RED}] * 3})):
            answer = door.post(f"{CLASSIFIER}:{path}", json=document)
            assert (answer.status_code, "at most 2" in answer.json()["error"]) == (413, True)


def test_a_body_has_a_limit(tiny_models: Path) -> None:
    with open_door(tiny_models, threads=1, max_body_mb=1) as door:
        answer = door.post(f"{CLASSIFIER}:predict", content=b" " * (2**20 + 1))
        assert (answer.status_code, list(answer.json())) == (413, ["error"])


def test_what_no_model_here_does_is_said(door: TestClient) -> None:
    answer = door.post(f"{DETECTOR}:classify", json={"examples": [{"x": RED}]})
    assert (answer.status_code, "tiny_detector does not classify" in answer.json()["error"]) == (400, True)
    answer = door.post(f"{CLASSIFIER}:regress", json={"examples": [{"x": 1.0}]})
    assert (answer.status_code, "no signature for regression" in answer.json()["error"]) == (400, True)
