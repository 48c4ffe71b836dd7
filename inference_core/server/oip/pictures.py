"""Encoded pictures as a tensor: the whole pipeline, as `POST /models/{name}/predict` runs it."""

from collections.abc import Mapping

import orjson

from inference_core.errors import BadRequestError, SatchelError, TooLargeError
from inference_core.oip.byte_strings import object_array
from inference_core.oip.datatypes import BYTES
from inference_core.oip.images import ERRORS_INSIDE, IMAGE_OUTPUT, read_limits
from inference_core.oip.tensors import Tensor
from inference_core.predictor import Outcome
from inference_core.repository import Model
from inference_core.settings import Settings
from inference_core.tasks import Result, Timings


async def predict_pictures(
    model: Model, images: Tensor, parameters: Mapping[str, object], settings: Settings, timeout: float
) -> tuple[list[Tensor], Timings | None]:
    """The output `result`, BYTES, in the shape of `images`: for each picture the JSON of its result.

    One picture's error is the request's, unless the parameter `errors_inside` is true. Of several, a bad one has the
    JSON of its error as its element.

    Args:
        model: runs them.
        images: BYTES [N] or [N, 1], each element a JPEG, PNG, WebP or BMP file.
        parameters: `confidence`, `max_predictions` and `errors_inside` are heeded.
        settings: say how many there may be.
        timeout: seconds.

    Returns:
        The output, and the timings where there is one picture.

    Raises:
        BadRequestError: shape or parameters cannot be used.
        TooLargeError: too many pictures.
        SatchelError: whatever became of a single picture, or of all of them.
    """
    shape = images.array.shape
    if images.size == 0 or shape not in [(images.size,), (images.size, 1)]:
        raise BadRequestError(
            f"input {images.name} has a shape that holds no list of pictures",
            got=str(list(shape)),
            expected="[N] or [N, 1], with N of at least 1",
        )
    if images.size > settings.max_images:
        raise TooLargeError(
            "there are too many pictures in one request",
            got=f"{images.size} pictures",
            expected=f"at most {settings.max_images}",
            remedy="send fewer at once, or raise SATCHEL_MAX_IMAGES",
        )
    limits = read_limits(parameters)
    files: list[bytes] = images.array.ravel().tolist()
    outcomes = await model.scheduler.predict_batch(files, limits, timeout=timeout)
    [first, *others] = outcomes
    if isinstance(first, SatchelError) and not others and parameters.get(ERRORS_INSIDE) is not True:
        raise first
    timings = first.timings_ms if isinstance(first, Result) and not others else None
    texts = [_json(outcome) for outcome in outcomes]
    return [Tensor(IMAGE_OUTPUT, BYTES, object_array(texts).reshape(shape))], timings


def _json(outcome: Outcome) -> bytes:
    return orjson.dumps(outcome if isinstance(outcome, Result) else outcome.body())
