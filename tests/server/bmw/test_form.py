"""Forms with fields and one file, and what is wrong with others."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import Request

from inference_core.errors import (
    BadRequestError,
    DeadlineError,
    InvalidParameterError,
    SatchelError,
    TooLargeError,
    UnsupportedMediaError,
)
from inference_core.server.bmw.form import Form, read_form
from inference_core.server.patience import Patience
from tests.server.doors import body_of

MULTIPART = b"multipart/form-data; boundary=x"
ENCODED = b"application/x-www-form-urlencoded"


def read(kind: bytes, body: bytes, *, limit: int = 10_000) -> Form:
    scope = {"type": "http", "method": "POST", "path": "/detect", "headers": [(b"content-type", kind)]}
    return asyncio.run(read_form(Request(scope, body_of(body)), limit, Patience(5.0)))


def multipart(**content: Any) -> tuple[bytes, bytes]:
    request = httpx.Request("POST", "http://test", **content)
    return request.headers["content-type"].encode(), request.read()


def test_a_multipart_form_has_fields_and_a_file() -> None:
    form = read(*multipart(data={"model": "m"}, files={"any": b"picture"}))
    assert (form.field("model"), form.image()) == ("m", b"picture")


def test_an_encoded_form_has_fields_alone() -> None:
    form = read(ENCODED, urlencode({"model": "a b", "empty": ""}).encode())
    assert form == Form({"model": "a b", "empty": ""}, None)
    with pytest.raises(BadRequestError, match="the form has no file"):
        form.image()


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InvalidParameterError, match="the form has no field model") as caught:
        Form({"modle": "m"}, None).field("model")
    assert caught.value.got == "modle"
    with pytest.raises(InvalidParameterError) as caught:
        Form({}, None).field("model")
    assert caught.value.got == "no fields"


@pytest.mark.parametrize(
    ("kind", "body", "error"),
    [
        (b"application/json", b"{}", UnsupportedMediaError),
        (b"", b"", UnsupportedMediaError),
        (b"multipart/form-data", b"x", BadRequestError),
        (MULTIPART, b"no form", BadRequestError),
        (ENCODED, b"\xff", BadRequestError),
        (ENCODED, b"&".join(b"a=1" for _ in range(17)), BadRequestError),
        (ENCODED, b"a" * 10_001, TooLargeError),
    ],
)
def test_what_cannot_be_read_is_refused(kind: bytes, body: bytes, error: type[SatchelError]) -> None:
    with pytest.raises(error):
        read(kind, body)


def test_two_files_are_one_too_many() -> None:
    with pytest.raises(BadRequestError) as caught:
        read(*multipart(files=[("image", b"a"), ("image", b"b")]))
    assert caught.value.expected == "at most 16 fields and one file"


def test_a_field_that_no_answer_could_repeat_is_made_readable() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n+2AA-\r\n--x--\r\n'  # a lone surrogate in UTF-7
    form = read(b"multipart/form-data; boundary=x; charset=utf-7", part)
    assert all(text.encode() for text in form.fields.values())


def test_a_form_that_does_not_come_is_late() -> None:
    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/detect", "headers": [(b"content-type", ENCODED)]}
    with pytest.raises(DeadlineError, match="did not arrive in time"):
        asyncio.run(read_form(Request(scope, never), 100, Patience(0.01)))
