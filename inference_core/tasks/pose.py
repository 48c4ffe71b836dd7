"""Pose: where the keypoints of a person, or of another thing, are in the image."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from inference_core.bundle.skeleton import Skeleton
from inference_core.tasks.canvas import color_of, draw_tag, font_for
from inference_core.tasks.labels import LabelTable
from inference_core.tasks.results import Keypoint, Pose
from inference_core.tasks.states import Poses

_SURE = 0.3
"""The least score of a keypoint that lines lead to."""


def publish(found: Poses, labels: LabelTable) -> tuple[Pose, ...]:
    """One prediction per pose, in the order of the state."""
    rows = zip(
        map(labels.__getitem__, found.index.tolist()), found.score.tolist(), found.keypoints.tolist(), strict=True
    )
    return tuple(
        Pose(label.name, label.id, score, tuple((x, y, s) for x, y, s in points)) for label, score, points in rows
    )


def draw(image: Image.Image, predictions: Sequence[Pose], skeleton: Skeleton = ()) -> Image.Image:
    """Draws each keypoint as a dot in a colour of its own on a copy; the best pose last.

    Under the dots lie the lines of `skeleton`, each in the colour of its second keypoint, where both keypoints score at
    least 0.3; under these lies the label.
    """
    canvas = image.copy()
    pen, font = ImageDraw.Draw(canvas), font_for(image)
    radius = max(2, round(min(image.size) / 120))
    for p in reversed(predictions):
        corner = min(x for x, _, _ in p.keypoints), min(y for _, y, _ in p.keypoints)
        draw_tag(pen, corner, f"{p.label} {p.score:.2f}", font, p.class_id)
        _draw_lines(pen, p.keypoints, skeleton, radius)
        for number, (x, y, _) in enumerate(p.keypoints):  # over the label, which may lie on some of them
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color_of(number), outline="white")
    return canvas


def _draw_lines(pen: ImageDraw.ImageDraw, keypoints: Sequence[Keypoint], skeleton: Skeleton, width: int) -> None:
    sure = {number: (x, y) for number, (x, y, score) in enumerate(keypoints) if score >= _SURE}
    for start, end in skeleton:
        if start in sure and end in sure:
            pen.line((sure[start], sure[end]), color_of(end), width)
