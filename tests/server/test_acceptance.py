"""The `Accept` header: which format the annotated picture comes in."""

import pytest

from inference_core.errors import NotAcceptableError
from inference_core.server.acceptance import format_for

PNG, JPEG = ("image/png", "PNG"), ("image/jpeg", "JPEG")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, PNG),
        ("", PNG),
        ("*/*", PNG),
        ("image/png, image/jpeg", PNG),
        ("image/jpeg, image/png", PNG),  # the order says nothing
        ("image/jpeg", JPEG),
        ("image/jpeg;q=0.1", JPEG),
        ("image/png;q=0.4,image/jpeg;q=0.5", JPEG),
        ("image/png;q=0, */*", JPEG),  # the more exact entry counts
        ("image/*;q=0.2, image/jpeg;q=0.1", PNG),
        ("image/*;q=0, */*;q=1, image/jpeg;q=.3", JPEG),
        ("IMAGE/JPEG ; Q=1.0", JPEG),
        ("text/html;level=1, image/jpeg;level=2;q=0.7", JPEG),
    ],
)
def test_the_format_that_is_liked_best(accept: str | None, expected: tuple[str, str]) -> None:
    assert format_for(accept) == expected


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "image/webp",
        "image/png;q=0, image/jpeg;q=0",
        "*/*;q=0",
        "image/*;q=0.0, text/*",
        "image/png;q=x",
        "png",
        ",",
    ],
)
def test_wanting_neither_says_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        format_for(accept)
    assert (caught.value.got, caught.value.expected) == (accept, "image/png or image/jpeg")
