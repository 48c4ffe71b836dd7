"""What the status and the body of an answer say of the call."""

import pytest

from inference_core.remote.connection import CallError, Failure
from inference_core.remote.http_answer import Headers, HttpAnswer, check


def failure(status: int, content: bytes = b"", **headers: str) -> CallError:
    listed = [(name.replace("_", "-"), value) for name, value in headers.items()]
    with pytest.raises(CallError) as caught:
        check(HttpAnswer(status, Headers(listed), content))
    return caught.value


def test_headers_are_found_in_any_case_and_of_several_the_first() -> None:
    headers = Headers([("X-A", "1"), ("x-a", "2"), ("B", "3")])
    assert (headers["x-A"], headers.get("b"), headers.get("c"), "X-a" in headers) == ("1", "3", None, True)
    assert len(headers) == 2


@pytest.mark.parametrize("status", [200, 204, 299])
def test_success_is_passed_on(status: int) -> None:
    answer = HttpAnswer(status, Headers([]), b"")
    assert check(answer) is answer


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Failure.REFUSED),
        (400, Failure.REFUSED),
        (401, Failure.DENIED),
        (403, Failure.DENIED),
        (404, Failure.REFUSED),
        (429, Failure.BUSY),
        (500, Failure.FAULT),
        (501, Failure.FAULT),
        (502, Failure.NOT_READY),
        (503, Failure.NOT_READY),
        (504, Failure.NOT_READY),
        (599, Failure.FAULT),
    ],
)
def test_a_status_says_why(status: int, kind: Failure) -> None:
    assert failure(status).kind is kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"error": "queue is full"}', "queue is full"),
        (b'{"error": "no such input\\n  got: x\\n  expected: y"}', "no such input; got: x; expected: y"),
        (b'{"error": {"code": "busy", "message": "queue is full"}}', "queue is full"),
        (b'{"error": "' + b"x" * 300 + b'"}', "x" * 197 + "..."),
        (b"upstream connect error\nreset", "upstream connect error"),
        (b'{"detail": "odd"}', '{"detail": "odd"}'),
        (b'{"error": ""}', '{"error": ""}'),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"<html>\n<title>Bad", "status 502 Bad Gateway"),
        (b" \n", "status 502 Bad Gateway"),
    ],
)
def test_the_body_says_what(content: bytes, said: str) -> None:
    assert failure(502, content).said == said


def test_a_status_without_a_name_is_told_by_its_number() -> None:
    assert failure(599).said == "status 599"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0", 0.0), ("", None), ("-1", None), ("1e3", None), ("9" * 10, None), ("\u0663", None)],
)
def test_seconds_to_wait_are_read_where_they_are_numbers(text: str, seconds: float | None) -> None:
    assert failure(503, Retry_After=text).retry_after == seconds
    assert failure(429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT").retry_after is None
