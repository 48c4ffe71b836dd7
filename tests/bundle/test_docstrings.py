"""What stands below a field in the source is its description in the JSON schema, and costs nothing until then."""

from pydantic import BaseModel

from inference_core.bundle.docstrings import field_docstrings
from inference_core.bundle.schema import Record
from tests.test_imports import python


class Parent(BaseModel):
    """Said of the whole, not of a field."""

    first: int
    """Of the
    first.
    """
    second: int = 2
    """Of the second."""
    third: str = ""
    fourth: str = ""
    """Of the fourth."""


class Child(Parent):
    second: int = 3
    third: str = "x"
    """Of the third."""


class Described(Record):
    """A record."""

    part: int
    """Of the part."""


def test_each_field_has_the_string_below_it() -> None:
    assert field_docstrings(Parent) == {
        "first": "Of the\nfirst.",
        "second": "Of the second.",
        "fourth": "Of the fourth.",
    }


def test_a_field_that_is_defined_again_has_the_new_one_or_none() -> None:
    assert field_docstrings(Child) == {"first": "Of the\nfirst.", "fourth": "Of the fourth.", "third": "Of the third."}


def test_the_schema_tells_them() -> None:
    assert Described.model_json_schema()["properties"]["part"]["description"] == "Of the part."


def test_neither_the_strings_nor_what_checks_a_record_is_made_at_import() -> None:
    code = (
        "import sys; from inference_core.bundle import Manifest, Recipe; from inference_core.bundle.tuning import Row;"
        "print(any(kind.__pydantic_complete__ for kind in (Manifest, Recipe, Row)),"
        " 'inference_core.bundle.docstrings' in sys.modules)"
    )
    assert python(code).stdout == "False False\n"
