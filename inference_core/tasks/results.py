"""What a prediction looks like, for every task: plain immutable records that encode to JSON as they are."""

from dataclasses import dataclass, field

from inference_core.tasks.rle import Rle

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the upright image; continuous coordinates, so a full image is (0, 0, width, height)."""

Keypoint = tuple[float, float, float]
"""x, y in the coordinates of `Box`, and a score from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Classification:
    """One class of the whole image."""

    label: str
    class_id: int
    score: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One object."""

    label: str
    class_id: int
    score: float
    """0 to 1."""
    box: Box


@dataclass(frozen=True, slots=True)
class Instance:
    """One object with its outline."""

    label: str
    class_id: int
    score: float
    """0 to 1."""
    box: Box
    mask: Rle


@dataclass(frozen=True, slots=True)
class Pose:
    """The keypoints of one person, or of another thing that has them."""

    label: str
    class_id: int
    score: float
    """0 to 1."""
    keypoints: tuple[Keypoint, ...]
    """In the order of the model's outputs."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the model made."""

    label: str
    class_id: int
    score: float
    """1: the model does not rate what it makes."""
    image: str
    """A PNG file, in base64."""
    width: int
    """Of the picture, in pixels."""
    height: int


Prediction = Classification | Detection | Instance | Pose | Picture


@dataclass(frozen=True, slots=True)
class ImageSize:
    """Of the upright image, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Wall-clock milliseconds. In a batch, `infer` is that of the whole batch, which each image waited for."""

    decode: float
    preprocess: float
    infer: float
    postprocess: float
    queue: float = 0.0
    """Before a thread took it up; 0 where there is no queue."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer for one image."""

    model: str
    version: str
    task: str
    image: ImageSize
    predictions: tuple[Prediction, ...] = field(default=())
    """Best first."""
    timings_ms: Timings = field(default=Timings(0.0, 0.0, 0.0, 0.0))
