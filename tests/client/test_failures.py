"""Errors that come back as what they were."""

import json

import pytest

from inference_core import errors
from inference_core.client.answer import Answer
from inference_core.client.failures import checked, failure_in
from inference_core.errors import SatchelError, UnreachableError
from tests.test_errors import descendants

KINDS = [kind for kind in descendants(SatchelError) if kind.__module__ == errors.__name__]


def answer(status: int, content: bytes) -> Answer:
    return Answer("http://h/x", status, {}, content)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_comes_back(kind: type[SatchelError]) -> None:
    sent = kind("it broke", got="a", expected="b", remedy="c")
    found = failure_in(answer(kind.status, json.dumps(sent.body()).encode()))
    assert (found.code, found.status, str(found)) == (kind.code, kind.status, str(sent))
    assert type(found) in kind.__mro__  # of two with one code, the more general


def test_an_error_of_a_newer_server_keeps_its_code_in_its_words() -> None:
    found = failure_in(answer(418, b'{"error": {"code": "teapot", "message": "no coffee", "remedy": "drink tea"}}'))
    assert (type(found), str(found)) == (SatchelError, "no coffee (teapot)\n  remedy: drink tea")


@pytest.mark.parametrize("content", [b"<html>Bad Gateway</html>", b"[]", b"{}", b'{"error": "broken"}', b"\xff", b""])
def test_what_is_no_error_of_ours_is_somebody_elses(content: bytes) -> None:
    with pytest.raises(UnreachableError, match=r"^http://h/x does not answer as a Satchel server does") as caught:
        checked(answer(502, content))
    assert caught.value.got is not None
    assert caught.value.got.startswith("status 502: ")


def test_a_good_answer_is_left_alone() -> None:
    good = answer(204, b"")
    assert checked(good) is good
