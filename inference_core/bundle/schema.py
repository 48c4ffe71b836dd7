"""What every record of a manifest shares: strictness, shared value types, and errors that teach.

Records are immutable, refuse unknown keys and never coerce one JSON type into another.
"""

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from inference_core.errors import ManifestError


class Record(BaseModel):
    """Base of every manifest record: frozen, closed, strict."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


class Step(Record):
    """Base of the steps of a chain; `op` names the step and comes first when it is written."""

    op: str


RecordT = TypeVar("RecordT", bound=Record)

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""Lower-case name usable in a URL, a file name and an image tag."""

RelativePath = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200)
]
"""Forward-slash path below the bundle. The pattern cannot spell an absolute path, `..`, a drive or a hidden file."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hexadecimal SHA-256."""


def parse_record(kind: type[RecordT], text: str | bytes, *, where: str) -> RecordT:
    """Reads JSON `text` as `kind`.

    Args:
        kind: the record class to build.
        text: JSON, UTF-8 when bytes.
        where: the name of the file, for errors.

    Raises:
        ManifestError: not JSON, duplicate key, unknown key, wrong type or value. Each problem names key, value, remedy.
    """
    try:
        raw = json.loads(text, object_pairs_hook=_refuse_duplicates)
    except UnicodeDecodeError as error:
        raise ManifestError(f"{where} is not UTF-8 text", got=str(error), remedy="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"{where} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}",
            remedy="correct the syntax there",
        ) from error
    except _DuplicateKey as error:
        raise ManifestError(
            f"{where}: key {error.key!r} appears twice in one object",
            got=" and ".join(_short(value) for value in error.values),
            expected="each key once",
            remedy="keep one of the two",
        ) from None
    except RecursionError as error:
        raise ManifestError(f"{where} is nested too deeply", expected="a bundle manifest") from error
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise _explain(error, raw, where) from None


class _DuplicateKey(Exception):
    def __init__(self, key: str, values: list[Any]) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _DuplicateKey(twice, [value for key, value in pairs if key == twice])
    return table


def _explain(error: ValidationError, raw: object, where: str) -> ManifestError:
    problems = [_problem(detail, raw) for detail in error.errors(include_url=False)]
    if len(problems) == 1:
        problems[0].message = f"{where}: {problems[0].message}"
        return problems[0]
    first = problems[0]
    lines = "\n".join(f"{index}. {problem}" for index, problem in enumerate(problems, 1))
    return ManifestError(
        f"{where} has {len(problems)} problems:\n{lines}", got=first.got, expected=first.expected, remedy=first.remedy
    )


def _problem(detail: ErrorDetails, raw: object) -> ManifestError:
    path, value = _locate(detail["loc"], raw)
    match detail["type"]:
        case "missing":
            return ManifestError(f"key {path} is missing", got="nothing", remedy=f"add {path}")
        case "extra_forbidden":
            near = difflib.get_close_matches(str(detail["loc"][-1]), _known_keys(Record), n=1)
            remedy = f"rename it to {near[0]!r}" if near else "remove it"
            return ManifestError(f"unknown key {path}", got=_short(value), remedy=remedy)
        case "union_tag_invalid":
            tags = str(detail["ctx"]["expected_tags"]).replace("'", "")
            near = difflib.get_close_matches(str(detail["ctx"]["tag"]), tags.split(", "), n=1)
            remedy = f"use {near[0] if near else 'one of them'}"
            return ManifestError(
                f"unknown op at {path}", got=str(detail["ctx"]["tag"]), expected=f"one of {tags}", remedy=remedy
            )
        case "value_error":
            message = f"{path}: {detail['ctx']['error']}"
            return ManifestError(message, got=_short(value), remedy=f"correct {path}")
        case _:
            message = f"wrong key or value at {path}" if detail["loc"][-1:] == ("[key]",) else f"wrong value at {path}"
            return ManifestError(message, got=_short(value), expected=detail["msg"], remedy=f"correct {path}")


def _locate(loc: tuple[int | str, ...], raw: object) -> tuple[str, object]:
    """A readable path such as `preprocess[1].fill` and the value there; union tags in `loc` are skipped."""
    path, value = "", raw
    for part in loc:
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            path, value = f"{path}[{part}]", value[part]
        elif isinstance(value, dict) and part in value:
            path, value = f"{path}.{part}" if path else str(part), value[part]
        elif part == loc[-1] and part != "[key]" and isinstance(value, dict) and isinstance(part, str):
            path, value = f"{path}.{part}" if path else part, None
    return path or "the document", value


def _known_keys(root: type[Record]) -> list[str]:
    return sorted({name for record in _descendants(root) for name in record.model_fields})


def _descendants(root: type[Record]) -> Iterator[type[Record]]:
    for child in root.__subclasses__():
        yield child
        yield from _descendants(child)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."


def format_json(value: object, indent: int = 0, width: int = 100) -> str:
    """Deterministic JSON for people: whatever fits on a line stands on one line, the rest is broken up."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(flat) + indent <= width or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 2)
    items: Iterable[str]
    if isinstance(value, dict):
        items = (f"{json.dumps(k)}: {format_json(v, indent + 2, width)}" for k, v in value.items())
        opening, closing = "{", "}"
    else:
        items = (format_json(v, indent + 2, width) for v in value)
        opening, closing = "[", "]"
    body = f",\n{inner}".join(items)
    return f"{opening}\n{inner}{body}\n{' ' * indent}{closing}"
