"""What a server answered, before it is known what it means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference_core.errors import UnreachableError

Json = dict[str, Any]
"""An object, as `docs/04-serving.md` describes it."""

_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """Any answer, good or bad."""

    url: str
    """That was asked."""
    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return 200 <= self.status < 300

    def json(self) -> Json:
        """The object in it. UnreachableError where there is none: then no Satchel server has answered."""
        try:
            document = json.loads(self.content)
        except ValueError as error:
            raise self.foreign() from error
        if not isinstance(document, dict):
            raise self.foreign()
        return document

    def foreign(self) -> UnreachableError:
        """The error that this is no answer of a Satchel server."""
        text = self.content[:_EXCERPT].decode(errors="replace").strip()
        return UnreachableError(
            f"{self.url} does not answer as a Satchel server does",
            got=f"status {self.status}: {text}",
            remedy="correct the address; where it is right, look at what stands before the server",
        )
