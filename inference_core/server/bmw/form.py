"""A form with fields and at most one file."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from inference_core.errors import BadRequestError, InvalidParameterError, UnsupportedMediaError
from inference_core.server.body import receive_body
from inference_core.server.patience import Patience

_MAX_FIELDS = 16
_KINDS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent."""

    fields: dict[str, str]
    file: bytes | None
    """Whatever its field is called."""

    def field(self, name: str) -> str:
        """Raises InvalidParameterError where there is none called `name`."""
        if name not in self.fields:
            raise InvalidParameterError(
                f"the form has no field {name}",
                got=_names(self.fields),
                expected=name,
                remedy=f"send it, as in curl -F {name}=...",
            )
        return self.fields[name]

    def image(self) -> bytes:
        """The file. Raises BadRequestError where there is none."""
        if self.file is None:
            raise BadRequestError(
                "the form has no file",
                got=_names(self.fields),
                expected="a file called image",
                remedy="send the picture as a file, as in curl -F image=@photo.jpg",
            )
        return self.file


async def read_form(request: Request, limit: int, patience: Patience) -> Form:
    """The form that a request carries.

    Args:
        request: multipart/form-data or application/x-www-form-urlencoded.
        limit: largest body, bytes.
        patience: how long the body may take to arrive.

    Raises:
        BadRequestError: it cannot be read, or has more than one file.
        DeadlineError: not there in time.
        TooLargeError: more than `limit` bytes.
        UnsupportedMediaError: another content type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise UnsupportedMediaError("the content type is not that of a form", got=kind, expected=" or ".join(_KINDS))
    body = await receive_body(request, limit, patience)
    if kind == _KINDS[0]:
        # In a thread: taking a form apart can take as long as a prediction.
        return await asyncio.to_thread(_read_multipart, body, request.headers)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise _unreadable(str(error)) from error
    return Form(dict(pairs), None)


def _read_multipart(body: bytes, headers: Headers) -> Form:
    return asyncio.run(_parse_multipart(body, headers))


async def _parse_multipart(body: bytes, headers: Headers) -> Form:
    async def stream() -> AsyncGenerator[bytes]:
        yield body

    try:
        form = await MultiPartParser(headers, stream(), max_files=1, max_fields=_MAX_FIELDS).parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise _unreadable(getattr(error, "message", str(error))) from error
    try:
        files = [await value.read() for value in form.values() if isinstance(value, UploadFile)]
    finally:
        await form.close()
    fields = {_text(name): _text(value) for name, value in form.items() if isinstance(value, str)}
    return Form(fields, files[0] if files else None)


def _unreadable(reason: str) -> BadRequestError:
    return BadRequestError(
        "the form cannot be read",
        got=reason,
        expected=f"at most {_MAX_FIELDS} fields and one file",
        remedy="let the HTTP client build the form, as in curl -F model=... -F image=@photo.jpg",
    )


def _names(fields: dict[str, str]) -> str:
    return ", ".join(fields) or "no fields"


def _text(given: str) -> str:
    """Without lone surrogates, which the charset of a form may give, and no answer can repeat."""
    return given.encode(errors="replace").decode()
