"""What the source says of each field, for the JSON schema alone: reading it costs more than reading a manifest."""

import ast
import inspect
import textwrap
from itertools import pairwise

from pydantic import BaseModel


def field_docstrings(kind: type[BaseModel]) -> dict[str, str]:
    """The string below each field of `kind`, where there is one; below the field's last definition, if it has several.

    Args:
        kind: a record, whose source is at hand.
    """
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        own = [name for name in inspect.get_annotations(base) if name in kind.model_fields]
        if own:
            said = _docstrings(base)
            found = {name: text for name, text in found.items() if name not in own}
            found |= {name: said[name] for name in own if name in said}
    return found


def _docstrings(kind: type) -> dict[str, str]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - for mypy
    return {
        field.target.id: inspect.cleandoc(text)
        for field, below in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(text := below.value.value, str)
    }
