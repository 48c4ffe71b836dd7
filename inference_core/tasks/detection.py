"""Detection: which objects are in the image, and where."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from inference_core.tasks.canvas import color_of, draw_tag, font_for
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Detection, Instance
from inference_core.tasks.states import Detections


def publish(found: Detections, labels: LabelTable) -> tuple[Detection, ...]:
    """One prediction per box, in the order of the state."""
    rows = zip(map(labels.__getitem__, found.index.tolist()), found.score.tolist(), found.boxes.tolist(), strict=True)
    return tuple(Detection(label.name, label.id, score, (x1, y1, x2, y2)) for label, score, (x1, y1, x2, y2) in rows)


def draw(image: Image.Image, predictions: Sequence[Detection | Instance]) -> Image.Image:
    """Draws boxes with labels and scores on a copy; the best last, so that it lies on top."""
    canvas = image.copy()
    pen, font = ImageDraw.Draw(canvas), font_for(image)
    width = max(2, round(min(image.size) / 250))
    for p in reversed(predictions):
        left, right = sorted(p.box[0::2])  # Pillow refuses an inside-out box, which a poor model may give
        top, bottom = sorted(p.box[1::2])
        pen.rectangle((left, top, right, bottom), outline=color_of(p.class_id), width=width)
        draw_tag(pen, (left, top), f"{p.label} {p.score:.2f}", font, p.class_id)
    return canvas
