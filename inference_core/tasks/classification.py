"""Classification: what is in the image as a whole."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from inference_core.tasks.canvas import draw_tag, font_for
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Classification
from inference_core.tasks.states import Classes


def publish(found: Classes, labels: LabelTable) -> tuple[Classification, ...]:
    """One prediction per class, in the order of the state."""
    named = zip(map(labels.__getitem__, found.index.tolist()), found.score.tolist(), strict=True)
    return tuple(Classification(label.name, label.id, score) for label, score in named)


def draw(image: Image.Image, predictions: Sequence[Classification]) -> Image.Image:
    """Writes the classes and scores into the top left corner of a copy."""
    canvas = image.copy()
    pen, font = ImageDraw.Draw(canvas), font_for(image)
    top = 0.0
    for p in predictions:
        top = draw_tag(pen, (0, top), f"{p.label} {p.score:.2f}", font, p.class_id)
    return canvas
