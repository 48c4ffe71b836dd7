"""What every record of a manifest shares: strictness, shared value types, and errors that teach.

Records are immutable, refuse unknown keys and never coerce one JSON type into another.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, ValidationError

from inference_core.bundle.explain import explain, shorten
from inference_core.errors import ManifestError

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class Record(BaseModel):
    """Base of every manifest record: frozen, closed, strict.

    What checks a record is made with its first use: most are parts of others, whose check has theirs in it.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: "CoreSchema", handler: GetJsonSchemaHandler, /
    ) -> "JsonSchemaValue":
        """Adds the strings below the fields. `use_attribute_docstrings` would read the source when it is imported."""
        from inference_core.bundle.docstrings import field_docstrings

        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name, text in field_docstrings(cls).items():
            properties[name]["description"] = text
        return schema


def _require_op(schema: dict[str, Any]) -> None:
    """In code a step's class says its `op`; a document has to."""
    del schema["properties"]["op"]["default"]
    schema["required"] = ["op", *schema.get("required", [])]


class TensorUse(NamedTuple):
    """A tensor that a step names; None stands for the only one there is."""

    kind: Literal["input", "output"]
    name: str | None


ShapeOf = Callable[[str | None], Sequence[int]]
"""The shape [N, ...] of the output of that name; of the only one when it is None."""


class Step(Record):
    """Base of the steps of a chain; `op` names the step and comes first when it is written."""

    model_config = ConfigDict(json_schema_extra=_require_op)

    op: str

    def tensors(self) -> "tuple[TensorUse, ...]":
        """The model's tensors that the step uses."""
        return ()

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """How many classes the step reads from the model's outputs; None where it reads none or their shape does not
        tell."""
        return None


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
        text = text if isinstance(text, str) else text.decode("utf-8")
        raw = json.loads(text, object_pairs_hook=_refuse_duplicates)
    except UnicodeDecodeError as error:
        raise ManifestError(f"{where} is not UTF-8 text", got=str(error), remedy="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"{where} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}",
            remedy="correct the syntax there",
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise ManifestError(f"{where} holds an unreadable number", got=str(error), remedy="correct it") from error
    except _DuplicateKey as error:
        raise ManifestError(
            f"{where}: key {error.key!r} appears twice in one object",
            got=" and ".join(shorten(value) for value in error.values),
            expected="each key once",
            remedy="keep one of the two",
        ) from None
    except RecursionError as error:
        raise ManifestError(f"{where} is nested too deeply", expected="a bundle manifest") from error
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise explain(error, raw, kind, where) from None


class _DuplicateKey(Exception):
    def __init__(self, key: str, values: list[Any]) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key in counts if counts[key] > 1)
        raise _DuplicateKey(twice, [value for key, value in pairs if key == twice])
    return table


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
