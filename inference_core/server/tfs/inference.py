"""One request of the protocol on a model that is held: its tensors as they are, or pictures through the pipeline."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from inference_core.errors import BadRequestError, SatchelError, TooLargeError
from inference_core.repository import Model
from inference_core.server.patience import Patience
from inference_core.server.tfs.asked import Asked, read_classify, read_predict
from inference_core.server.tfs.results import class_scores, result_columns, result_rows
from inference_core.server.tfs.values import column_values, row_values, tensors_of
from inference_core.tasks import Result

T = TypeVar("T")

_IN_THREAD = 2**18
"""Bytes of which parsing takes so long that other requests would notice."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a request."""

    document: dict[str, object]
    """Its values are still arrays where they are tensors."""
    results: Sequence[Result] = ()
    """Of the pictures, where there were any."""


async def predict(model: Model, body: bytes, most: int, patience: Patience) -> Answered:
    """The answer to `:predict`.

    Args:
        model: held by the caller until this returns.
        body: of the request.
        most: pictures.
        patience: what is left of the request's time.

    Raises:
        BadRequestError: the request cannot be read, or does not fit the model.
        TooLargeError: too many pictures.
        SatchelError: whatever became of a picture, or of the inference.
    """
    asked = await _aside(body, lambda: read_predict(body))
    if asked.pictures:
        results = await _run_pictures(model, asked.pictures, most, patience)
        if asked.by_row:
            return Answered({"predictions": result_rows(results)}, results)
        return Answered({"outputs": result_columns(results)}, results)
    inputs = await _aside(body, lambda: tensors_of(asked, model.artifact))
    outputs = await model.scheduler.infer(inputs, timeout=patience.left)
    if asked.by_row:
        return Answered({"predictions": row_values(outputs, _count(asked))})
    return Answered({"outputs": column_values(outputs)})


async def classify(model: Model, body: bytes, most: int, patience: Patience) -> Answered:
    """The answer to `:classify`.

    Raises:
        BadRequestError: the model does not classify; else as `predict`.
    """
    if model.manifest.task != "classification":
        raise BadRequestError(
            f"model {model.manifest.name} does not classify",
            got=f"a model for {model.manifest.task}",
            expected="one for classification",
            remedy="use :predict",
        )
    pictures = await _aside(body, lambda: read_classify(body))
    results = await _run_pictures(model, pictures, most, patience)
    return Answered({"results": [class_scores(result) for result in results]}, results)


async def _run_pictures(model: Model, pictures: Sequence[bytes], most: int, patience: Patience) -> list[Result]:
    if len(pictures) > most:
        raise TooLargeError(
            "there are too many pictures in one request",
            got=f"{len(pictures)} pictures",
            expected=f"at most {most}",
            remedy="send fewer at once, or raise SATCHEL_MAX_IMAGES",
        )
    outcomes = await model.scheduler.predict_batch(pictures, timeout=patience.left)
    results = []
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, SatchelError):  # the protocol has no errors of single instances
            raise outcome if len(outcomes) == 1 else _of_instance(outcome, number)
        results.append(outcome)
    return results


def _of_instance(error: SatchelError, number: int) -> SatchelError:
    """The same error, and which instance met it."""
    message = f"instance {number}: {error.message}"
    return type(error)(message, got=error.got, expected=error.expected, remedy=error.remedy)


def _count(asked: Asked) -> int:
    return len(asked.content) if isinstance(asked.content, list) else 0


async def _aside(body: bytes, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread where `body` makes it long."""
    return await asyncio.to_thread(work) if len(body) > _IN_THREAD else work()
