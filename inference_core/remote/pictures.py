"""Encoded pictures over the Open Inference Protocol, as another Satchel takes them: BYTES `image` in, `result` out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import orjson

from inference_core.client.failures import failure
from inference_core.client.results import result_of
from inference_core.engines import Array
from inference_core.errors import SatchelError
from inference_core.limits import AS_PACKED, Limits
from inference_core.oip.byte_strings import object_array
from inference_core.oip.datatypes import BYTES
from inference_core.oip.images import ERRORS_INSIDE, IMAGE_INPUT, IMAGE_OUTPUT
from inference_core.oip.tensors import Tensor
from inference_core.predictor import Outcome
from inference_core.remote.connection import CallError, Failure, RemoteTensor
from inference_core.remote.http_answer import kind_of

Ask = Callable[[Sequence[Tensor], Mapping[str, bool | float | int], float], Mapping[str, Array]]
"""The outputs by name for tensors and a request's parameters, within some seconds."""

_OF_A_PICTURE = {400, 413, 415, 422}
"""Statuses of errors that a picture, or what is wanted of it, is to blame for."""


def takes_images(
    properties: Mapping[str, object], inputs: Sequence[RemoteTensor], outputs: Sequence[RemoteTensor]
) -> bool:
    """Whether a model takes pictures so: its properties say it, as another Satchel's do, or its tensors are these."""
    if properties.get("image_input") == IMAGE_INPUT and properties.get("image_output") == IMAGE_OUTPUT:
        return True
    there = [[(tensor.name, tensor.dtype) for tensor in tensors] for tensors in (inputs, outputs)]
    return (IMAGE_INPUT, "string") in there[0] and (IMAGE_OUTPUT, "string") in there[1]


def predict_in_runs(images: Sequence[bytes], limits: Sequence[Limits], timeout: float, ask: Ask) -> list[Outcome]:
    """What became of each picture. One request for each run of pictures with the same limits.

    Args:
        images: encoded.
        limits: of each, or none.
        timeout: seconds for all requests together.
        ask: makes a request.

    Raises:
        CallError: see `read_outcomes`; or an answer has no results.
    """
    until = time.monotonic() + timeout
    outcomes: list[Outcome] = []
    for positions, wanted in grouped(images, limits):
        files = Tensor(IMAGE_INPUT, BYTES, object_array([images[position] for position in positions]))
        outputs = ask([files], limit_parameters(wanted), until - time.monotonic())
        results = outputs.get(IMAGE_OUTPUT)
        if results is None or results.dtype != object:
            raise CallError(Failure.GARBAGE, f"the answer has no output {IMAGE_OUTPUT} of BYTES")
        outcomes += read_outcomes(results.ravel().tolist(), len(positions))
    return outcomes


def grouped(images: Sequence[bytes], limits: Sequence[Limits]) -> Iterator[tuple[list[int], Limits]]:
    """The positions of pictures that go in one request, which states one pair of limits for all in it: each run of
    pictures with the same limits."""
    for wanted, run in groupby(range(len(images)), lambda position: limits[position] if limits else AS_PACKED):
        yield list(run), wanted


def limit_parameters(limits: Limits) -> dict[str, bool | float | int]:
    """What a request says of them, and that the error of a single picture is to be told as one of several."""
    named = {ERRORS_INSIDE: True, "confidence": limits.confidence, "max_predictions": limits.max_predictions}
    return {name: value for name, value in named.items() if value is not None}


def read_outcomes(elements: Sequence[bytes], count: int) -> list[Outcome]:
    """What became of each of `count` pictures, from the elements of the output `result`.

    Raises:
        CallError: they are something else; or there is one picture, and an error for which it is not to blame, so that
            another endpoint may do better.
    """
    if len(elements) != count:
        raise CallError(Failure.GARBAGE, f"{len(elements)} results came for {count} pictures")
    outcomes = [_outcome(element) for element in elements]
    for outcome in outcomes:
        if count == 1 and isinstance(outcome, SatchelError) and not is_of_picture(outcome):
            raise CallError(kind_of(outcome.status), outcome.message, outcome.retry_after)
    return outcomes


def is_of_picture(error: SatchelError) -> bool:
    """Whether an endpoint that answers so for a picture would do it again, and another one too."""
    return error.status in _OF_A_PICTURE


def _outcome(element: bytes) -> Outcome:
    try:
        document = orjson.loads(element)
        return failure(document["error"]) if "error" in document else result_of(document)
    except (KeyError, TypeError, ValueError) as error:
        raise CallError(Failure.GARBAGE, "a result is none of Satchel's") from error
