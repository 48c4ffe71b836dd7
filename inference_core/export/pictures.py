"""What a program of ours in another server answers to encoded pictures: as Satchel's own Open Inference door does."""

from collections.abc import Mapping, Sequence

import orjson

from inference_core.oip.images import read_limits
from inference_core.predictor import Outcome, Predictor
from inference_core.tasks import Result


def predict_pictures(predictor: Predictor, images: Sequence[bytes], parameters: Mapping[str, object]) -> list[bytes]:
    """For each picture the JSON of its result, or of its error.

    Args:
        predictor: runs them.
        images: JPEG, PNG, WebP or BMP files.
        parameters: of the request; `confidence` and `max_predictions` are heeded.

    Raises:
        BadRequestError: one of these is out of range.
    """
    limits = read_limits(parameters)
    outcomes = predictor.predict(images, limits=[limits] * len(images))
    return [orjson.dumps(_plain(outcome)) for outcome in outcomes]


def _plain(outcome: Outcome) -> object:
    return outcome if isinstance(outcome, Result) else outcome.body()
