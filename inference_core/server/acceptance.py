"""Which format of a picture a caller likes best."""

from inference_core.drawing import Format
from inference_core.errors import NotAcceptableError

_FORMATS: dict[str, Format] = {"image/png": "PNG", "image/jpeg": "JPEG"}


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


def _weight(entry: str) -> tuple[str, float]:
    """A media type of an `Accept` header and its weight (RFC 9110, 12.5.1); one that cannot be read counts as 0."""
    kind, *parameters = (part.strip().lower() for part in entry.split(";"))
    weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
    return kind, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0
