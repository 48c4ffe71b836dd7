"""What an endpoint answered over HTTP, and what its status means for the call."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import responses

import orjson

from inference_core.remote.connection import CallError, Failure

_SAID = 200
"""Characters of what an endpoint said that are kept."""


class Headers(Mapping[str, str]):
    """Headers of an answer, looked up without regard to case. Of several alike, the first."""

    def __init__(self, listed: Sequence[tuple[str, str]]) -> None:
        self._values = {name.lower(): value for name, value in reversed(listed)}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Any answer, good or bad."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    content: bytes


def check(answer: HttpAnswer) -> HttpAnswer:
    """The answer, where its status is one of success.

    Raises:
        CallError: it is another one.
    """
    if 200 <= answer.status < 300:
        return answer
    after = answer.headers.get("Retry-After", "")
    seconds = float(after) if re.fullmatch(r"[0-9]{1,9}", after) else None  # it may be a date instead
    raise CallError(kind_of(answer.status), _said(answer), seconds)


def kind_of(status: int) -> Failure:
    """What a status that is not one of success says."""
    return _KINDS.get(status, Failure.FAULT if status >= 500 else Failure.REFUSED)


_KINDS = {
    401: Failure.DENIED,
    403: Failure.DENIED,
    429: Failure.BUSY,
    502: Failure.NOT_READY,
    503: Failure.NOT_READY,
    504: Failure.NOT_READY,
}


def _said(answer: HttpAnswer) -> str:
    """The error in the body, in one line: `{"error": TEXT}`, `{"error": {"message": TEXT}}`, or a text's first line."""
    with contextlib.suppress(orjson.JSONDecodeError):
        document = orjson.loads(answer.content)
        error = document.get("error") if isinstance(document, dict) else None
        error = error.get("message") if isinstance(error, dict) else error
        if isinstance(error, str) and error.strip():
            return shortened("; ".join(line.strip() for line in error.strip().splitlines()))
    text = answer.content[:4096].decode(errors="replace").strip()
    if not text or text.startswith("<"):  # a gateway's page
        text = f"status {answer.status} {responses.get(answer.status, '')}".rstrip()
    return shortened(text.splitlines()[0])


def shortened(text: str) -> str:
    """At most as long as what is kept of what was said."""
    return text if len(text) <= _SAID else f"{text[: _SAID - 3]}..."
