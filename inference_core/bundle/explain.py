"""From pydantic's errors to sentences that name the key, the value and the remedy."""

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from inference_core.errors import ManifestError

_MOST_SHOWN = 20


def explain(error: ValidationError, raw: object, kind: type[BaseModel], where: str) -> ManifestError:
    """One error for everything pydantic found.

    Args:
        error: what pydantic raised.
        raw: the document as plain values, to quote from.
        kind: the record the document should have been.
        where: the name of the document.
    """
    # Unknown keys come first: the key that is missing is often the one that was misspelt.
    details = sorted(error.errors(include_url=False), key=lambda d: d["type"] != "extra_forbidden")
    # A list whose items are invalid is also called too short, since pydantic counts the valid ones.
    problems = [_problem(d, raw, kind) for d in details if d["type"] != "too_short" or not _encloses(d, details)]
    if len(problems) == 1:
        problems[0].message = f"{where}: {problems[0].message}"
        return problems[0]
    lines = "\n".join(f"{index}. {problem}" for index, problem in enumerate(problems[:_MOST_SHOWN], 1))
    if len(problems) > _MOST_SHOWN:
        lines += f"\n(and {len(problems) - _MOST_SHOWN} more)"
    return ManifestError(f"{where} has {len(problems)} problems:\n{lines}")


def _encloses(detail: ErrorDetails, others: Iterable[ErrorDetails]) -> bool:
    loc = detail["loc"]
    return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in others)


def _problem(detail: ErrorDetails, raw: object, kind: type[BaseModel]) -> ManifestError:
    path, value = _locate(detail["loc"], raw)
    match detail["type"]:
        case "missing" | "union_tag_not_found" as problem:
            key = path if problem == "missing" else f"{path}.op"
            return ManifestError(f"key {key} is missing", got="nothing", remedy=f"add {key}")
        case "extra_forbidden":
            near = difflib.get_close_matches(str(detail["loc"][-1]), _keys_at(detail["loc"][:-1], kind), n=1)
            remedy = f"rename it to {near[0]!r}" if near else "remove it"
            return ManifestError(f"unknown key {path}", got=shorten(value), remedy=remedy)
        case "json_invalid":
            return ManifestError(f"not valid JSON: {detail['ctx']['error']}", remedy="correct the syntax there")
        case "union_tag_invalid":
            tags = str(detail["ctx"]["expected_tags"]).replace("'", "")
            near = difflib.get_close_matches(str(detail["ctx"]["tag"]), tags.split(", "), n=1)
            remedy = f"use {near[0] if near else 'one of them'}"
            return ManifestError(
                f"unknown op at {path}", got=str(detail["ctx"]["tag"]), expected=f"one of {tags}", remedy=remedy
            )
        case "value_error":
            reason = str(detail["ctx"]["error"])
            inside = bool(detail["loc"])  # a reason that concerns the whole document says itself where
            message, got = (f"{path}: {reason}", shorten(value)) if inside else (reason, None)
            return ManifestError(message, got=got, remedy=f"correct {path}")
        case _:
            message = f"wrong key or value at {path}" if detail["loc"][-1:] == ("[key]",) else f"wrong value at {path}"
            return ManifestError(message, got=shorten(value), expected=detail["msg"], remedy=f"correct {path}")


def _locate(loc: tuple[int | str, ...], raw: object) -> tuple[str, object]:
    """A readable path such as `preprocess[1].fill` and the value there; union tags in `loc` are skipped."""
    path, value = "", raw
    for before, part in zip((None, *loc), loc, strict=False):
        if isinstance(before, int) and isinstance(value, dict) and value.get("op") == part:
            continue
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            path, value = f"{path}[{part}]", value[part]
        elif isinstance(value, dict) and part in value:
            path, value = _join(path, str(part)), value[part]
        elif part == loc[-1] and part != "[key]" and isinstance(value, dict) and isinstance(part, str):
            path, value = _join(path, part), None
    return path or "the document", value


def _join(path: str, key: str) -> str:
    if not key.isidentifier():
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key


def _keys_at(loc: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    """The keys that the record at `loc` in a `root` may have."""
    records = [root]
    for part in loc:
        tagged = [record for record in records if "op" in record.model_fields and _op(record) == part]
        fields = [record.model_fields[part].annotation for record in records if part in record.model_fields]
        if tagged or fields:
            records = tagged or [record for field in fields for record in _records_in(field)]
    return sorted({name for record in records for name in record.model_fields})


def _op(record: type[BaseModel]) -> object:
    return record.model_fields["op"].default


def _records_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _records_in(part)


def shorten(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
