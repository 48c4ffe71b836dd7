"""Instance segmentation: which objects are in the image, and which pixels are theirs."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from inference_core.tasks import detection
from inference_core.tasks.canvas import color_of
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Instance
from inference_core.tasks.rle import decode
from inference_core.tasks.states import RestoredMasks

_OPACITY = 115  # of 255


def publish(state: RestoredMasks, labels: LabelTable) -> tuple[Instance, ...]:
    """One prediction per object, in the order of the state."""
    found = zip(detection.publish(state.found, labels), state.masks, strict=True)
    return tuple(Instance(d.label, d.class_id, d.score, d.box, mask) for d, mask in found)


def draw(image: Image.Image, predictions: Sequence[Instance]) -> Image.Image:
    """Tints the pixels of each object on a copy and draws boxes over them; the best last."""
    canvas = image.copy()
    for p in reversed(predictions):
        canvas.paste(color_of(p.class_id), mask=Image.fromarray(decode(p.mask) * np.uint8(_OPACITY)))
    return detection.draw(canvas, predictions)
