"""The images in a request: raw body, multipart form or base64 in JSON."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request

from inference_core.errors import BadRequestError, DeadlineError, TooLargeError, UnsupportedMediaError
from inference_core.server.carriers import form_files, json_images
from inference_core.server.connection import client_left
from inference_core.server.fetch import fetch_image
from inference_core.server.patience import Patience

_KINDS = ("application/octet-stream", "multipart/form-data", "application/json")


async def read_image(request: Request, limit: int, patience: Patience, hosts: Sequence[str] = ()) -> bytes:
    """The encoded image that a predict request carries.

    Args:
        request: with `Content-Type` image/* or application/octet-stream (raw body), multipart/form-data (the first
            file), or application/json (`{"image": "<base64>"}`, or `{"url": "https://..."}`). Without one, a raw body.
        limit: largest body, bytes; also of what a URL leads to.
        patience: how long the body, and what a URL leads to, may take to arrive.
        hosts: those that pictures may be fetched from by URL.

    Raises:
        BadRequestError: empty, or not what the content type says.
        DeadlineError: not there in time.
        TooLargeError: more than `limit` bytes.
        UnsupportedMediaError: another content type.
        ForbiddenError, BadGatewayError: see `fetch_image`.
    """
    kind, body = await _receive(request, limit, patience)
    # In a thread: taking a form or base64 apart can take as long as a prediction.
    if kind == "multipart/form-data":
        return (await asyncio.to_thread(form_files, body, request.headers, 1))[0]
    if kind == "application/json":
        [found] = await asyncio.to_thread(json_images, body, "image", 1)
        return found if isinstance(found, bytes) else await fetch_image(found.url, hosts, limit, patience.left)
    return body


async def read_images(request: Request, limit: int, patience: Patience, most: int) -> list[bytes]:
    """The encoded images that a batch request carries, in order.

    Args:
        request: multipart/form-data (every file), or application/json (`{"images": ["<base64>", ...]}`).
        limit: largest body, bytes.
        patience: how long the body may take to arrive.
        most: images.

    Raises:
        BadRequestError: empty, or not what the content type says.
        DeadlineError: not there in time.
        TooLargeError: more than `limit` bytes, or more than `most` images.
        UnsupportedMediaError: another content type.
    """
    kind, body = await _receive(request, limit, patience)
    if kind == "multipart/form-data":
        return await asyncio.to_thread(form_files, body, request.headers, most)
    if kind == "application/json":
        found = await asyncio.to_thread(json_images, body, "images", most)
        return [image for image in found if isinstance(image, bytes)]
    raise UnsupportedMediaError(
        "the content type is not one that carries several images",
        got=kind,
        expected="multipart/form-data or application/json",
        remedy="send each picture as a file of a form, as in curl -F images=@a.jpg -F images=@b.jpg",
    )


async def _receive(request: Request, limit: int, patience: Patience) -> tuple[str, bytes]:
    """The content type and the body, which is not empty."""
    kind = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if not kind.startswith("image/") and kind not in _KINDS:
        raise UnsupportedMediaError(
            "the content type is not one that carries an image",
            got=kind,
            expected=f"image/*, {', '.join(_KINDS)}",
            remedy="send the picture as the raw body, with -H 'Content-Type: image/jpeg'",
        )
    body = await receive_body(request, limit, patience)
    if not body:
        raise BadRequestError(
            "the body is empty",
            got="0 bytes",
            expected="an image",
            remedy="send the picture with a Content-Length (Azure Functions drops chunked bodies)",
        )
    return kind, body


async def receive_body(request: Request, limit: int, patience: Patience) -> bytes:
    """The whole body, which may be empty.

    Args:
        request: not read yet.
        limit: largest body, bytes.
        patience: how long it may take to arrive.

    Raises:
        BadRequestError: the client left.
        DeadlineError: not there in time.
        TooLargeError: more than `limit` bytes.
    """
    try:
        async with asyncio.timeout(patience.left):
            return await read_body(request, limit)
    except TimeoutError:
        raise DeadlineError(
            "the body did not arrive in time",
            expected=f"all of it within {patience.seconds:g} s",
            remedy="send it faster",
        ) from None


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to exceed `limit` bytes."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and float(declared) > limit:  # int() refuses thousands of digits
        raise _too_large(f"{declared} bytes", limit)
    chunks: list[bytes] = []
    size = 0
    while True:  # Request.stream does the same at several times the cost
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise client_left()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(f"more than {limit} bytes", limit)
        if not message.get("more_body", False):
            return b"".join([*chunks, chunk]) if chunks else bytes(chunk)
        chunks.append(chunk)


def _too_large(got: str, limit: int) -> TooLargeError:
    return TooLargeError(
        "the body is too large",
        got=got,
        expected=f"at most {limit} bytes",
        remedy="send a smaller picture, or raise SATCHEL_MAX_BODY_MB",
    )
