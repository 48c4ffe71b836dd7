"""Which JSON values are encoded pictures."""

import pytest

from inference_core.errors import BadRequestError
from inference_core.server.tfs.pictures import decode, picture_of, pictures_of_columns, pictures_of_rows

HI = {"b64": "aGk="}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (HI, "aGk="),
        ({"image_bytes": HI}, "aGk="),
        ({"b64": 5}, 5),
        ({"image": {"b64": "aGk=", "more": 1}}, None),
        ({"image": HI, "key": "1"}, None),
        ({}, None),
        ([HI], None),
        ("aGk=", None),
    ],
)
def test_a_picture_is_a_b64_by_itself_or_alone_in_an_object(value: object, text: object) -> None:
    assert picture_of(value) == text


def test_rows_are_all_pictures_or_none() -> None:
    assert pictures_of_rows([HI, {"x": HI}]) == [b"hi", b"hi"]
    assert pictures_of_rows([1, [2], None]) == []
    with pytest.raises(BadRequestError, match="instance 1 is no encoded picture"):
        pictures_of_rows([HI, [1.0]])


@pytest.mark.parametrize("content", [HI, {"x": HI}, [HI], {"x": [HI]}, [{"x": HI}]])
def test_columns_may_hold_pictures(content: object) -> None:
    assert pictures_of_columns(content) == [b"hi"]


@pytest.mark.parametrize("content", [None, 1, "aGk=", [], [[1.0]], {"x": [1.0]}, {"x": HI, "y": HI}, {}])
def test_columns_may_hold_none(content: object) -> None:
    assert pictures_of_columns(content) == []


def test_base64_may_be_broken_into_lines_but_no_more() -> None:
    assert decode("aGVs\nbG8=\n", 0) == b"hello"
    wrong: list[object] = ["a", "aGk", "aGk=!", "ä", "aG_k", 5, None, []]
    for text in wrong:
        with pytest.raises(BadRequestError, match="instance 3 is no encoded picture"):
            decode(text, 3)
