"""Reading members of JSON objects that a caller wrote."""

from typing import TypeVar

from inference_core.errors import BadRequestError

Json = dict[str, object]
T = TypeVar("T")

_KINDS: dict[type, str] = {str: "a string", list: "an array", dict: "an object", bool: "true or false"}


def member(entry: Json, name: str, kind: type[T], default: T | None = None) -> T:
    """What `entry` has as `name`; `default` where it has nothing, or null.

    Raises:
        BadRequestError: it is of another kind, or missing without a default.
    """
    value = entry.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, kind):
        raise BadRequestError(
            f"the JSON has no usable {name}",
            got="nothing" if value is None else repr(value)[:40],
            expected=_KINDS[kind],
        )
    return value


def objects(entry: Json, name: str) -> list[Json]:
    """The array of objects that `entry` has as `name`; empty where it has none.

    Raises:
        BadRequestError: there is something else.
    """
    listed = member(entry, name, list, [])
    if not all(isinstance(item, dict) for item in listed):
        raise BadRequestError(f"{name} holds something else than objects", expected="an array of objects")
    return listed
