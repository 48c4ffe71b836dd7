"""What carries images inside of a body: a multipart form, or base64 in JSON."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from inference_core.errors import BadRequestError, TooLargeError

_MAX_FIELDS = 16


@dataclass(frozen=True, slots=True)
class Link:
    """An image that is elsewhere."""

    url: str


def form_files(body: bytes, headers: Headers, most: int) -> list[bytes]:
    """The files of a form, at least one, whatever their fields are called.

    Args:
        body: of the request.
        headers: name the boundary.
        most: files.

    Raises:
        BadRequestError: the form cannot be read, has no file, or more than one where one is wanted.
        TooLargeError: it has more files than the several that are allowed.
    """
    return asyncio.run(_read_form(body, headers, most))


async def _read_form(body: bytes, headers: Headers, most: int) -> list[bytes]:
    async def stream() -> AsyncGenerator[bytes]:
        yield body

    try:
        form = await MultiPartParser(headers, stream(), max_files=most, max_fields=_MAX_FIELDS).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        got = getattr(error, "message", str(error))
        if most > 1 and got.startswith("Too many files"):
            raise _too_many(f"more than {most}", most) from error
        raise BadRequestError(
            "the multipart form cannot be read",
            got=got,
            expected="multipart/form-data with one file" if most == 1 else f"at most {most} files",
            remedy="let the HTTP client build the form, as in curl -F image=@photo.jpg",
        ) from error
    try:
        files = [await value.read() for _, value in form.multi_items() if isinstance(value, UploadFile)]
    finally:
        await form.close()
    if not files:
        raise BadRequestError(
            "the form has no file",
            got=", ".join(form).encode(errors="replace").decode() or "no fields",  # a charset may give lone surrogates
            expected="one file field",
            remedy="send the picture as a file, as in curl -F image=@photo.jpg",
        )
    return files


def json_images(body: bytes, key: str, most: int) -> list[bytes | Link]:
    """The images of a JSON document: one base64 text, or a list of them, under `key`; or one `url`.

    Raises:
        BadRequestError: it is no such document.
        TooLargeError: there are more than `most`.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _no_json_image(f"no JSON: {error}", key) from error
    found = document.get(key) if isinstance(document, dict) else None
    if key == "image" and found is None and isinstance(document, dict) and isinstance(document.get("url"), str):
        return [Link(document["url"])]
    texts = found if key == "images" else [found]
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise _no_json_image(orjson.dumps(document).decode()[:80], key)
    if len(texts) > most:
        raise _too_many(str(len(texts)), most)
    return [_bytes_of(text, key) for text in texts]


def _bytes_of(text: str, key: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # the base64 command breaks its lines
    except ValueError as error:
        raise _no_json_image(f"no base64: {error}", key) from error


def _too_many(got: str, most: int) -> TooLargeError:
    return TooLargeError(
        "the batch has too many images",
        got=got,
        expected=f"at most {most}",
        remedy="send fewer at once, or raise SATCHEL_MAX_IMAGES",
    )


def _no_json_image(got: str, key: str) -> BadRequestError:
    shape = "<base64 of the file>" if key == "image" else "[<base64 of a file>, ...]"
    return BadRequestError(
        "the JSON body holds no image",
        got=got,
        expected=f'{{"{key}": "{shape}"}}' if key == "image" else f'{{"{key}": {shape}}}',
        remedy="encode the bytes of the picture in base64, or send them as a raw body",
    )
