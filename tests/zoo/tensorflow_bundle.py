"""Packing and running TensorFlow models, in a process that may hold TensorFlow: pytest's imports none of this."""

from pathlib import Path
from typing import Any

from inference_core.bundle import open_bundle
from inference_core.packing import pack_model
from inference_core.packing.choice import Choice
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Detection, Picture, Result

Rows = list[list[dict[str, Any]]]


def predict(model: str, recipe: str | None, engines: list[str], bundle: str, pictures: list[str]) -> dict[str, Rows]:
    """Packs the model for `engines`, and tells what the bundle finds in each picture on each of them."""
    images = [Path(picture) for picture in pictures]
    pack_model(model, recipe, Path(bundle), choice=Choice(engines=tuple(engines)), images=images[:1])
    data = [path.read_bytes() for path in images]
    answers = {}
    with open_bundle(Path(bundle)) as opened:
        for engine in engines:
            with LocalPredictor.load(opened, engine=engine) as predictor:
                answers[engine] = [_rows(answer) for answer in predictor.predict(data)]
    return answers


def _rows(answer: object) -> list[dict[str, Any]]:
    assert isinstance(answer, Result), answer
    return [
        {"class_id": found.class_id, "label": found.label, "score": found.score}
        | ({"box": list(found.box)} if isinstance(found, Detection) else {})
        | ({"image": found.image} if isinstance(found, Picture) else {})
        for found in answer.predictions
    ]
