"""The image in a request: raw body, multipart form or base64 in JSON."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable

import orjson
from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from inference_core.errors import BadRequestError, DeadlineError, TooLargeError, UnsupportedMediaError
from inference_core.server.connection import client_left

_MAX_FIELDS = 16


async def read_image(request: Request, limit: int, timeout: float) -> bytes:
    """The encoded image that a predict request carries.

    Args:
        request: with `Content-Type` image/* or application/octet-stream (raw body), multipart/form-data (the first
            file), or application/json (`{"image": "<base64>"}`). Without one, a raw body.
        limit: largest body, bytes.
        timeout: seconds that the body may take to arrive.

    Raises:
        BadRequestError: empty, or not what the content type says.
        DeadlineError: not there in time.
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
    try:
        async with asyncio.timeout(timeout):
            body = await read_body(request, limit)
    except TimeoutError:
        raise DeadlineError(
            "the body did not arrive in time", expected=f"all of it within {timeout:g} s", remedy="send it faster"
        ) from None
    if not body:
        raise BadRequestError(
            "the body is empty",
            got="0 bytes",
            expected="an image",
            remedy="send the picture with a Content-Length (Azure Functions drops chunked bodies)",
        )
    read = _READERS.get(kind)
    # In a thread: taking a form or base64 apart can take as long as a prediction.
    return body if read is None else await asyncio.to_thread(read, body, request.headers)


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


def _form_image(body: bytes, headers: Headers) -> bytes:
    return asyncio.run(_read_form(body, headers))


async def _read_form(body: bytes, headers: Headers) -> bytes:
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


def _json_image(body: bytes, _: Headers) -> bytes:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _no_json_image(f"no JSON: {error}") from error
    text = document.get("image") if isinstance(document, dict) else None
    if not isinstance(text, str):
        raise _no_json_image(orjson.dumps(document).decode()[:80])
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # the base64 command breaks its lines
    except ValueError as error:
        raise _no_json_image(f"no base64: {error}") from error


def _no_json_image(got: str) -> BadRequestError:
    return BadRequestError(
        "the JSON body holds no image",
        got=got,
        expected='{"image": "<base64 of the file>"}',
        remedy="encode the bytes of the picture in base64, or send them as a raw body",
    )


_READERS: dict[str, Callable[[bytes, Headers], bytes] | None] = {
    "application/octet-stream": None,
    "multipart/form-data": _form_image,
    "application/json": _json_image,
}
