"""The image in a request: raw body, multipart form or base64 in JSON."""

import base64
import binascii
from collections.abc import AsyncGenerator

import orjson
from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from inference_core.errors import BadRequestError, TooLargeError, UnsupportedMediaError
from inference_core.server.connection import client_left

_MAX_FIELDS = 16


async def read_image(request: Request, limit: int) -> bytes:
    """The encoded image that a predict request carries.

    Args:
        request: with `Content-Type` image/* or application/octet-stream (raw body), multipart/form-data (the first
            file), or application/json (`{"image": "<base64>"}`). Without one, a raw body.
        limit: largest body, bytes.

    Raises:
        BadRequestError: empty, or not what the content type says.
        TooLargeError: more than `limit` bytes.
        UnsupportedMediaError: another content type.
    """
    kind = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if not kind.startswith("image/") and kind not in _READERS:
        raise UnsupportedMediaError(
            "the content type is not one that carries an image",
            got=kind,
            expected=f"image/*, {', '.join(_READERS)}",
            remedy="send the picture as the raw body, with -H 'Content-Type: image/jpeg'",
        )
    body = await read_body(request, limit)
    if not body:
        raise BadRequestError(
            "the body is empty",
            got="0 bytes",
            expected="an image",
            remedy="send the picture with a Content-Length (Azure Functions drops chunked bodies)",
        )
    read = _READERS.get(kind)
    return body if read is None else await read(body, request.headers)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to exceed `limit` bytes."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and float(declared) > limit:  # int() refuses thousands of digits
        raise _too_large(f"{declared} bytes", limit)
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(f"more than {limit} bytes", limit)
            chunks.append(chunk)
    except ClientDisconnect:
        raise client_left() from None
    return b"".join(chunks)


def _too_large(got: str, limit: int) -> TooLargeError:
    return TooLargeError(
        "the body is too large",
        got=got,
        expected=f"at most {limit} bytes",
        remedy="send a smaller picture, or raise SATCHEL_MAX_BODY_MB",
    )


async def _raw(body: bytes, _: Headers) -> bytes:
    return body


async def _multipart(body: bytes, headers: Headers) -> bytes:
    async def stream() -> AsyncGenerator[bytes]:
        yield body

    try:
        form = await MultiPartParser(headers, stream(), max_files=1, max_fields=_MAX_FIELDS).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise BadRequestError(
            "the multipart form cannot be read",
            got=getattr(error, "message", str(error)),
            expected="multipart/form-data with one file",
            remedy="let the HTTP client build the form, as in curl -F image=@photo.jpg",
        ) from error
    try:
        for value in form.values():
            if isinstance(value, UploadFile):
                return await value.read()
    finally:
        await form.close()
    raise BadRequestError(
        "the form has no file",
        got=", ".join(form).encode(errors="replace").decode() or "no fields",  # a charset may give lone surrogates
        expected="one file field",
        remedy="send the picture as a file, as in curl -F image=@photo.jpg",
    )


async def _json(body: bytes, _: Headers) -> bytes:
    try:
        text = orjson.loads(body)["image"]
        if text.startswith("data:"):
            text = text.partition(",")[2]
        return base64.b64decode("".join(text.split()), validate=True)  # the base64 command breaks its lines
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, binascii.Error, ValueError) as error:
        raise BadRequestError(
            "the JSON body holds no image",
            got=f"{type(error).__name__}: {error}",
            expected='{"image": "<base64 of the file>"}',
            remedy="encode the bytes of the picture in base64, or send them as a raw body",
        ) from error


_READERS = {
    "application/octet-stream": _raw,
    "multipart/form-data": _multipart,
    "application/json": _json,
}
