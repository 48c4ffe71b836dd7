"""The annotated picture: what was found, drawn on what was sent."""

import io
from typing import Literal

from inference_core.bundle.preprocess import Decode
from inference_core.errors import NotAcceptableError
from inference_core.imaging import decode_image
from inference_core.repository import Model
from inference_core.tasks import TASKS, Result

Format = Literal["PNG", "JPEG"]

_FORMATS: dict[str, Format] = {"image/png": "PNG", "image/jpeg": "JPEG"}
_QUALITY = 90


def format_for(accept: str | None) -> tuple[str, Format]:
    """The media type, and Pillow's name, of the format that an `Accept` header likes best; PNG where both are as good.

    Raises:
        NotAcceptableError: it wants neither.
    """
    weights = dict(map(_weight, (accept or "*/*").split(",")))
    liked = {kind: weights.get(kind, weights.get("image/*", weights.get("*/*", 0.0))) for kind in _FORMATS}
    best = max(liked, key=lambda kind: liked[kind])
    if liked[best] == 0:
        raise NotAcceptableError(
            "the annotated picture cannot be had in a format that is accepted",
            got=accept,
            expected=" or ".join(_FORMATS),
            remedy="send Accept: image/png",
        )
    return best, _FORMATS[best]


def draw_result(data: bytes, model: Model, result: Result, kind: Format, max_pixels: int) -> bytes:
    """The picture in `data` with the predictions drawn on it, encoded. Takes long enough to belong in a thread."""
    # Boxes refer to the picture as the model saw it: turned upright, or not.
    image = decode_image(data, Decode(exif=model.manifest.decode_step.exif), max_pixels)
    stream = io.BytesIO()
    TASKS[result.task].draw(image, result.predictions).save(stream, kind, quality=_QUALITY)
    return stream.getvalue()


def _weight(entry: str) -> tuple[str, float]:
    """A media type of an `Accept` header and its weight (RFC 9110, 12.5.1); one that cannot be read counts as 0."""
    kind, *parameters = (part.strip().lower() for part in entry.split(";"))
    weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
    return kind, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0
