"""Images in requests: every way to send one gives the same answer, every other body says what is wrong with it."""

import asyncio
import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.pictures import encode, noise, plain
from tests.server.doors import PREDICT, ask, body_of, open_door, started_app

MIB = 2**20
RED = plain((255, 0, 0))
BASE64 = base64.b64encode(RED).decode()
RUNNER_UP = math.exp(-10) / (1 + 2 * math.exp(-10))  # logits are 10, 0, 0
FORM = "multipart/form-data; boundary=x"
# Starlette's parser leaves the file of a part without an end to the garbage collector.
IGNORE_UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models, max_body_mb=1, max_pixels=10_000) as client:
        yield client


def part(disposition: str, body: bytes = b"abc") -> bytes:
    return b"--x\r\nContent-Disposition: form-data; " + disposition.encode("latin-1") + b"\r\n\r\n" + body + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x--\r\n"


def as_json(document: Any) -> dict[str, Any]:
    return {"content": json.dumps(document), "headers": {"Content-Type": "application/json"}}


def raw(content: bytes, kind: str) -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Type": kind}}


@pytest.mark.parametrize(
    "request_body",
    [
        {"content": RED},
        *(raw(RED, kind) for kind in ("image/png", "image/jpeg", "IMAGE/PNG ; q=1", "application/octet-stream")),
        {"files": {"image": ("a.png", RED, "image/png")}},
        {"files": {"any name": ("photo.jpg", RED, "text/plain")}},
        raw(form(part('name="any name"; filename=""', RED)), FORM),
        raw(form(part('name="a"'), part('name="b"; filename="c"', RED)), FORM),
        raw(form(part('name="b"; filename="c"', RED)), FORM + "; charset=no-such-charset"),
        as_json({"image": BASE64}),
        as_json({"image": f"data:image/png;base64,{BASE64}"}),
        as_json({"image": base64.encodebytes(RED).decode()}),  # in lines, as the base64 command prints it
        raw(json.dumps({"image": BASE64}).encode(), "application/json; charset=utf-8"),
    ],
)
def test_every_way_to_send_a_picture_gives_the_same_predictions(door: TestClient, request_body: dict[str, Any]) -> None:
    answer = door.post(PREDICT, **request_body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["model"], found["image"]) == ("tiny_classifier", {"width": 20, "height": 10})
    assert [(p["label"], p["class_id"]) for p in found["predictions"]] == [("red", 0), ("green", 1)]
    scores = [p["score"] for p in found["predictions"]]
    assert scores == pytest.approx([1 - 2 * RUNNER_UP, RUNNER_UP], rel=1e-5)
    assert sorted(found["timings_ms"]) == ["decode", "infer", "postprocess", "preprocess", "queue"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed", "imagery/png", "application/jsonx"]
)
def test_another_content_type_is_415_and_named(door: TestClient, kind: str) -> None:
    answer = door.post(PREDICT, content=RED, headers={"Content-Type": f"{kind}; charset=x"})
    assert answer.status_code == 415
    assert answer.json()["error"] == {
        "code": "unsupported_media_type",
        "message": "the content type is not one that carries an image",
        "got": kind,
        "expected": "image/*, application/octet-stream, multipart/form-data, application/json",
        "remedy": "send the picture as the raw body, with -H 'Content-Type: image/jpeg'",
    }


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", FORM, "application/json"])
def test_an_empty_body_is_400_whatever_its_type(door: TestClient, kind: str) -> None:
    answer = door.post(PREDICT, content=b"", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "the body is empty")
    assert answer.json()["error"]["got"] == "0 bytes"


@pytest.mark.parametrize(
    ("kind", "body", "got"),
    [
        (FORM, b"garbage", "Invalid multipart data."),
        (FORM, b"--x\r\nbroken header\r\n\r\nabc\r\n--x--\r\n", "Invalid multipart data."),
        (FORM, form(part("no=name")), 'The Content-Disposition header field "name" must be provided.'),
        ("multipart/form-data", form(part('name="a"; filename="b"')), "Missing boundary in multipart."),
        (FORM, form(*[part('name="a"; filename="b"')] * 2), "Too many files. Maximum number of files is 1."),
        (FORM, form(*[part('name="a"')] * 17), "Too many fields. Maximum number of fields is 16."),
        pytest.param(FORM, part('name="a"; filename="b"'), "no fields", marks=IGNORE_UNCLOSED),
        (FORM, form(), "no fields"),
        (FORM, form(part('name="a"'), part('name="b"')), "a, b"),
        (FORM + "; charset=unicode_escape", form(part(r'name="\\ud800"')), "?"),
        (FORM + "; charset=idna", form(part('name="a..b"')), "a..b"),
    ],
)
def test_a_form_without_one_readable_file_is_400(door: TestClient, kind: str, body: bytes, got: str) -> None:
    answer = door.post(PREDICT, **raw(body, kind))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.json()["error"]["got"] == got


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("not json", "no JSON: "),
        ("", None),
        ("[" * 100_000, "no JSON: "),
        ('["image"]', '["image"]'),
        ("7", "7"),
        ('{"picture": "x"}', '{"picture":"x"}'),
        ('{"image": null}', '{"image":null}'),
        ('{"image": {"image": "x"}}', '{"image":{"image":"x"}}'),
        ('{"image": "****"}', "no base64: "),
        ('{"image": "YWJ"}', "no base64: Incorrect padding"),
        ('{"image": "é"}', "no base64: "),
        ('{"image": ""}', "0 bytes"),
        ('{"image": "data:image/png;base64,"}', "0 bytes"),
    ],
)
def test_json_without_a_picture_is_400_and_says_why(door: TestClient, body: str, got: str | None) -> None:
    answer = door.post(PREDICT, **raw(body.encode(), "application/json"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.json()["error"]["got"].startswith("0 bytes" if got is None else got)


def test_the_limit_is_the_largest_body_taken(door: TestClient) -> None:
    statuses = [door.post(PREDICT, content=b"x" * size).status_code for size in (MIB, MIB + 1)]
    assert statuses == [415, 413]  # x is read and is no picture; one byte more is not read


@pytest.mark.parametrize("length", [str(MIB + 1), "9" * 5000])
def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read(tiny_models: Path, length: str) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models, max_body_mb=1)

        async def receive() -> dict[str, Any]:
            raise AssertionError("the body was read")

        answer = await ask(app, receive, headers={"content-length": length})
        await service.stop()
        assert answer.status == 413
        assert answer.json()["error"] == {
            "code": "too_large",
            "message": "the body is too large",
            "got": f"{length} bytes",
            "expected": "at most 1048576 bytes",
            "remedy": "send a smaller picture, or raise SATCHEL_MAX_BODY_MB",
        }

    asyncio.run(check())


@pytest.mark.parametrize("headers", [{}, {"content-length": "5"}])
def test_an_undeclared_body_is_refused_at_the_first_piece_over_the_limit(
    tiny_models: Path, headers: dict[str, str]
) -> None:
    async def check() -> None:
        app, service = await started_app(tiny_models, max_body_mb=1)
        rest = body_of(*[b"x" * (MIB // 2)] * 2, b"x", b"never read", b"never read")
        answer = await ask(app, rest, headers=headers)
        left = await rest()
        await service.stop()
        assert (answer.status, answer.json()["error"]["got"]) == (413, "more than 1048576 bytes")
        assert (left["body"], left["more_body"]) == (b"never read", True)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (encode(noise(100, 100)), 200, None),
        (encode(noise(101, 100)), 413, "too_large"),  # more pixels than the cap of 10,000
        (encode(noise(64, 64), "JPEG")[:-600], 422, "invalid_image"),
        (encode(noise(64, 64), "JPEG")[:20], 422, "invalid_image"),
        (b"\xff\xd8\xff" + bytes(64), 422, "invalid_image"),
        (b"GIF89a" + bytes(64), 415, "unsupported_media_type"),
    ],
)
def test_a_picture_that_cannot_be_used_has_its_own_status(
    door: TestClient, picture: bytes, status: int, code: str | None
) -> None:
    for body in (raw(picture, "image/jpeg"), {"files": {"f": picture}}):
        answer = door.post(PREDICT, **body)
        assert answer.status_code == status
        assert answer.json().get("error", {}).get("code") == code


def test_a_large_file_in_a_form_is_read_whole_and_closed(tiny_models: Path) -> None:
    padded = RED + bytes(3 * MIB)  # beyond what the form parser keeps in memory; Pillow ignores what follows
    with open_door(tiny_models) as client:
        answer = client.post(PREDICT, files={"image": padded})
    assert answer.json()["predictions"][0]["label"] == "red"
