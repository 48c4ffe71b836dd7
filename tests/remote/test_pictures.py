"""Pictures in requests of tensors: which go together, and what is read from the answers."""

from dataclasses import asdict

import orjson
import pytest

from inference_core.errors import (
    BusyError,
    EngineError,
    InvalidImageError,
    NotFoundError,
    SatchelError,
    TooLargeError,
    UnauthorizedError,
)
from inference_core.limits import AS_PACKED, Limits
from inference_core.remote.connection import CallError, Failure, RemoteTensor
from inference_core.remote.pictures import (
    grouped,
    is_of_picture,
    limit_parameters,
    read_outcomes,
    takes_images,
)
from inference_core.tasks import Classification, ImageSize, Result

RESULT = Result("m", "1", "classification", ImageSize(4, 3), (Classification("red", 0, 0.5),))


def test_runs_of_equal_limits_share_a_request() -> None:
    one, two = Limits(0.5), Limits(0.5, 3)
    assert list(grouped([b""] * 3, [])) == [([0, 1, 2], AS_PACKED)]
    assert list(grouped([b""] * 4, [one, Limits(0.5), two, one])) == [([0, 1], one), ([2], two), ([3], one)]
    assert list(grouped([], [])) == []


def test_only_limits_that_are_set_are_stated() -> None:
    assert limit_parameters(AS_PACKED) == {"errors_inside": True}
    assert limit_parameters(Limits(0.0, 7)) == {"errors_inside": True, "confidence": 0.0, "max_predictions": 7}


def test_each_element_is_a_result_or_an_error() -> None:
    error = InvalidImageError("torn", got="half", remedy="send all")
    first, second = read_outcomes([orjson.dumps(asdict(RESULT)), orjson.dumps(error.body())], 2)
    assert first == RESULT
    assert isinstance(second, InvalidImageError)
    assert second.body() == error.body()


@pytest.mark.parametrize("element", [b"", b"[]", b"null", b"{}", b'{"error": "text"}', b'{"task": "classification"}'])
def test_another_element_is_garbage(element: bytes) -> None:
    with pytest.raises(CallError, match="none of Satchel's") as caught:
        read_outcomes([element], 1)
    assert caught.value.kind is Failure.GARBAGE


def test_there_is_one_element_for_each_picture() -> None:
    with pytest.raises(CallError, match="0 results came for 1 pictures"):
        read_outcomes([], 1)


def test_another_endpoint_may_do_better_with_a_single_picture() -> None:
    busy = orjson.dumps(BusyError("full").body())
    with pytest.raises(CallError, match="full") as caught:
        read_outcomes([busy], 1)
    assert (caught.value.kind, caught.value.retry_after) == (Failure.BUSY, 1)
    assert [type(outcome) for outcome in read_outcomes([busy, busy], 2)] == [BusyError, BusyError]


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (InvalidImageError("x"), True),
        (TooLargeError("x"), True),
        (NotFoundError("x"), False),
        (UnauthorizedError("x"), False),
        (BusyError("x"), False),
        (EngineError("x"), False),
    ],
)
def test_a_picture_is_not_to_blame_for_everything(error: SatchelError, wanted: bool) -> None:
    assert is_of_picture(error) is wanted


def test_pictures_are_taken_where_the_model_says_so() -> None:
    image, result = RemoteTensor("image", "string", (-1,)), RemoteTensor("result", "string", (-1,))
    said = {"image_input": "image", "image_output": "result"}
    assert takes_images(said, [], [])
    assert takes_images({}, [image], [result])
    assert not takes_images({"image_input": "image"}, [image], [])
    assert not takes_images({}, [RemoteTensor("image", "uint8", None)], [result])
