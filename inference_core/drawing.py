"""The annotated picture: what was found, drawn on what was sent."""

import io
from typing import Literal

from inference_core.bundle import Manifest
from inference_core.bundle.preprocess import Decode
from inference_core.imaging import DEFAULT_MAX_PIXELS, decode_image
from inference_core.tasks import TASKS, Result

Format = Literal["PNG", "JPEG"]

_QUALITY = 90


def draw_result(
    data: bytes, manifest: Manifest, result: Result, kind: Format = "PNG", max_pixels: int = DEFAULT_MAX_PIXELS
) -> bytes:
    """The picture in `data` with the predictions drawn on it, encoded.

    Args:
        data: the file that `result` is about.
        manifest: of the model that gave it.
        result: what was found.
        kind: of the file that is made.
        max_pixels: cap on width x height of the picture.

    Raises:
        SatchelError: what `decode_image` raises.
    """
    # Boxes refer to the picture as the model saw it: turned upright, or not.
    image = decode_image(data, Decode(exif=manifest.decode_step.exif), max_pixels)
    options = {} if manifest.skeleton is None else {"skeleton": manifest.skeleton}
    stream = io.BytesIO()
    TASKS[result.task].draw(image, result.predictions, **options).save(stream, kind, quality=_QUALITY)
    return stream.getvalue()
