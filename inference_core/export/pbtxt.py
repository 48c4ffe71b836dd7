"""Protobuf's text format, as far as configurations need it.

Specification: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

import json
from collections.abc import Iterator, Mapping, Sequence

Value = str | int | bool | Mapping[str, "Value"] | Sequence["Value"]
"""A scalar, a message, or the elements of a repeated field."""


class Symbol(str):
    """A value of an enumeration, which is written without quotes."""

    __slots__ = ()


def format_message(fields: Mapping[str, Value]) -> str:
    """The message as text, a field a line."""
    return "".join(f"{line}\n" for line in _fields(fields, ""))


def map_field(entries: Mapping[str, Value]) -> list[Value]:
    """A field of the type `map`, which text has as repeated messages."""
    return [{"key": key, "value": value} for key, value in entries.items()]


def _fields(fields: Mapping[str, Value], indent: str) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _block(name, value, indent)
        elif isinstance(value, str | int):
            yield f"{indent}{name}: {_scalar(value)}"
        else:
            yield from _repeated(name, value, indent)


def _repeated(name: str, values: Sequence[Value], indent: str) -> Iterator[str]:
    scalars = [_scalar(value) for value in values if isinstance(value, str | int)]
    if scalars:
        yield f"{indent}{name}: [{', '.join(scalars)}]"
    for value in values:
        if isinstance(value, Mapping):
            yield from _block(name, value, indent)


def _block(name: str, fields: Mapping[str, Value], indent: str) -> Iterator[str]:
    yield f"{indent}{name} {{"
    yield from _fields(fields, f"{indent}  ")
    yield f"{indent}}}"


def _scalar(value: str | int | bool) -> str:
    match value:
        case Symbol():
            return str(value)
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
