"""Strict reading of records, and their canonical text."""

import json

import pytest

from inference_core.bundle import Recipe
from inference_core.bundle.schema import format_json, parse_record
from inference_core.errors import ManifestError
from tests.bundle.documents import changed, document, parse, refusal, said

ONCE = "expected: each key once|remedy: keep one of the two"
SYNTAX = "remedy: correct the syntax there"
UTF8 = "remedy: save it as UTF-8"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "b": {"c": 1, "c": [2]}}', f": key 'c' appears twice in one object|got: 1 and [2]|{ONCE}"),
        ('[{"a": 1, "a": 1, "a": 2}]', f": key 'a' appears twice in one object|got: 1 and 1 and 2|{ONCE}"),
        (
            '{"x": "' + "y" * 118 + '", "x": 0}',
            f": key 'x' appears twice in one object|got: \"{'y' * 118}\" and 0|{ONCE}",
        ),
        (
            '{"x": null, "x": "' + "y" * 200 + '"}',
            f": key 'x' appears twice in one object|got: null and \"{'y' * 116}...|{ONCE}",
        ),
        ('{"b": 1, "b": "\\ud800"}', f": key 'b' appears twice in one object|got: 1 and \"\\ud800\"|{ONCE}"),
        ("", f" is not valid JSON: line 1, column 1: Expecting value|{SYNTAX}"),
        ('{\n "a" 1}', f" is not valid JSON: line 2, column 6: Expecting ':' delimiter|{SYNTAX}"),
        ("{} x", f" is not valid JSON: line 1, column 4: Extra data|{SYNTAX}"),
        ('"\\ud800"', f": not valid JSON: unexpected end of hex escape at line 1 column 8|{SYNTAX}"),
        ("[" * 100_000, " is nested too deeply|expected: a bundle manifest"),
        ('{"a":' * 300 + "1" + "}" * 300, f": not valid JSON: recursion limit exceeded at line 1 column 1006|{SYNTAX}"),
        (
            b'{"a": "\xe9"}',
            " is not UTF-8 text|got: 'utf-8' codec can't decode byte 0xe9 in position 7: invalid continuation byte|"
            + UTF8,
        ),
        (
            "{}".encode("utf-16"),
            f" is not UTF-8 text|got: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte|{UTF8}",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) < 300 else "long",
)
def test_text_that_cannot_be_read_is_refused_in_printable_words(text: str | bytes, message: str) -> None:
    assert refusal(text) == said(message)
    assert refusal(text).encode()


def test_an_integer_of_thousands_of_digits_is_refused_not_a_crash() -> None:
    assert refusal("9" * 5000).startswith(said(" holds an unreadable number|got: Exceeds the limit"))


@pytest.mark.timeout(10)
def test_a_duplicate_among_very_many_keys_is_found_at_once() -> None:
    keys = ",".join(f'"k{index}":0' for index in range(100_000))
    assert refusal(f'{{{keys},"k99999":1}}').startswith("bundle.json: key 'k99999' appears twice in one object\n")


def test_a_recipe_takes_its_own_keys_only() -> None:
    tree = {key: document()[key] for key in ("name", "task", "architecture", "license", "preprocess", "postprocess")}
    assert parse_record(Recipe, json.dumps(tree | {"labels": "coco_80"}), where="r").labels == "coco_80"
    with pytest.raises(ManifestError) as caught:
        parse_record(Recipe, json.dumps(tree | {"files": {}}), where="r")
    assert str(caught.value) == "r: unknown key files\n  got: {}\n  remedy: remove it"


def test_a_whole_number_serves_as_a_float() -> None:
    assert repr(parse(changed("preprocess/2/scale", 2)).preprocess[2].model_dump()["scale"]) == "2.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, None, True], "b": "é"}, '{"a": [1, 2.5, null, true], "b": "é"}'),
        (["x" * 96], f'["{"x" * 96}"]'),
        (["x" * 97], f'[\n  "{"x" * 97}"\n]'),
        (
            {"k": ["y" * 60, "z" * 60], "e": []},
            f'{{\n  "k": [\n    "{"y" * 60}",\n    "{"z" * 60}"\n  ],\n  "e": []\n}}',
        ),
    ],
)
def test_what_fits_in_a_hundred_columns_stands_on_one_line(value: object, text: str) -> None:
    assert format_json(value) == text
