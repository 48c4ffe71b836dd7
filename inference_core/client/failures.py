"""Errors of the server, as the exceptions that they were there."""

from functools import cache
from itertools import chain
from typing import Any

from inference_core.client.answer import Answer
from inference_core.errors import SatchelError

_FACTS = ("got", "expected", "remedy")


def checked(answer: Answer) -> Answer:
    """The answer, where it is a good one; raises the error in it otherwise."""
    if not answer.ok:
        raise failure_in(answer)
    return answer


def failure_in(answer: Answer) -> SatchelError:
    """The error that the answer holds."""
    error = answer.json().get("error")
    if not isinstance(error, dict) or not {"code", "message"} <= error.keys():
        return answer.foreign()
    return failure(error)


def failure(error: dict[str, Any]) -> SatchelError:
    """The exception for the inside of an error body.

    A code that this version does not know gives a plain SatchelError, which then names it.
    """
    code, message = str(error["code"]), str(error["message"])
    kind = _kinds().get(code)
    facts = {name: error.get(name) for name in _FACTS}
    if kind is None:
        return SatchelError(f"{message} ({code})", **facts)
    return kind(message, **facts)


@cache
def _kinds() -> dict[str, type[SatchelError]]:
    """Each code's class: of several, the most general one."""
    kinds: dict[str, type[SatchelError]] = {}
    level = [SatchelError]
    while level:
        for kind in level:
            kinds.setdefault(kind.code, kind)
        level = list(chain.from_iterable(kind.__subclasses__() for kind in level))
    return kinds
