"""How far a derived model is from its source model: in output values, and in what it predicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf

import numpy as np
from PIL import Image

from inference_core.bundle import Manifest
from inference_core.bundle.postprocess import Score, Top
from inference_core.engines import Array
from inference_core.tasks import Classification, Detection, Instance, Picture, Pose, Prediction, Result, Rle
from inference_core.tasks.boxes import iou
from inference_core.tasks.rle import decompress
from inference_core.tasks.super_resolution import open_picture

AGREEMENT_METRICS = {
    "classification": "top-1 agreement",
    "detection": "F1@.5 agreement",
    "instance_segmentation": "F1@.5 agreement",
    "pose": "PCK@.1 agreement",
    "super_resolution": "level agreement",
}
"""What `agreement` measures, by task."""

_SAME_OBJECT = 0.5
_SAME_PLACE = 0.9
_NEAR = 0.1
_ANY = 1e-9

_Predictions = Sequence[Prediction]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far output values lie from the source model's; infinite where they cannot be compared."""

    absolute: float
    """The largest difference of a value."""
    relative: float
    """The largest ratio of a difference to the largest magnitude of that output of the source model."""
    output: str
    """The output with the largest ratio."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A prediction that only one of two models has."""

    image: int
    """The place of its picture."""
    prediction: Prediction
    lost: bool
    """Whether it is the source model's."""


def compare_outputs(expected: Mapping[str, Array], actual: Mapping[str, Array]) -> Difference:
    """The difference of one inference's outputs from the source model's, which are at least one.

    An output that is missing or has another shape differs infinitely, and so does a value that is infinite or not a
    number, unless both have the same one there. Where the source model's output is 0 throughout, any difference is
    infinite in relation to it. Types are not compared: values are, in float64.
    """
    each = [_compare(name, value, actual.get(name)) for name, value in expected.items()]
    worst = max(each, key=lambda difference: (difference.relative, difference.absolute))
    return Difference(max(difference.absolute for difference in each), worst.relative, worst.output)


def agreement(expected: Sequence[Result], actual: Sequence[Result]) -> float:
    """How much two models' predictions agree, from 0 to 1, over the same pictures, of which there is at least one.

    - Classification: the share of pictures whose best class is the same; no class at all is one too.
    - Detection, instance segmentation: F1 over all pictures, 2 * matched / (predictions of both); 1 where there are
      none. The best-scored of `actual` first, each is matched with the free prediction of its class that it overlaps
      most, if the IoU, of boxes or of masks, is at least 0.5.
    - Pose: the share of keypoints that lie within 0.1 * max(height, width) of the source model's, these being the sides
      of the box around all keypoints of its pose: PCK of Yang & Ramanan, "Articulated Human Detection with Flexible
      Mixtures of Parts", TPAMI 2013. Poses are matched as detections are, by that share; a picture counts as
      many poses as the model has that finds more, and those without a match have no such keypoint.
    - Super-resolution: 1 - mean absolute difference / 255 of the levels of two pictures, 0 where their sizes differ.

    Args:
        expected: the source model's.
        actual: in the same order.
    """
    pairs = [(one.predictions, other.predictions) for one, other in zip(expected, actual, strict=True)]
    return _AGREEMENTS[expected[0].task](pairs)


def first_disagreement(
    expected: Sequence[Result], actual: Sequence[Result], manifest: Manifest, tolerance: float = 0.02
) -> Disagreement | None:
    """The first prediction that the other model lacks, for graphs whose raw rows cannot be compared: these pick inside.

    A prediction's partner has its class, an IoU of at least 0.9 (of poses: so many keypoints within reach), and its
    score to within `tolerance`. None is needed below `tolerance` over the score that the manifest's steps ask for, or
    over the lowest score of a list that its `top` step has filled.

    Args:
        expected: the source model's.
        actual: in the same order.
        manifest: whose steps made both.
        tolerance: of scores, 0 to 1.
    """
    for image, (one, other) in enumerate(zip(expected, actual, strict=True)):
        for these, those, lost in (
            (one.predictions, other.predictions, True),
            (other.predictions, one.predictions, False),
        ):
            least = _certain(those, manifest) + tolerance
            for prediction in these:
                if prediction.score > least and not _has_partner(prediction, those, tolerance):
                    return Disagreement(image, prediction, lost)
    return None


def _compare(name: str, expected: Array, actual: Array | None) -> Difference:
    if actual is None or expected.shape != actual.shape:
        return Difference(inf, inf, name)
    wanted, given = expected.astype(np.float64), actual.astype(np.float64)
    finite = np.isfinite(wanted) & np.isfinite(given)
    if not np.array_equal(wanted[~finite], given[~finite], equal_nan=True):
        return Difference(inf, inf, name)
    with np.errstate(over="ignore"):
        absolute = float(np.abs(wanted[finite] - given[finite]).max(initial=0))
    magnitude = float(np.abs(wanted[finite]).max(initial=0))
    return Difference(absolute, absolute / magnitude if magnitude else inf if absolute else 0.0, name)


def _certain(predictions: _Predictions, manifest: Manifest) -> float:
    """The score above which a prediction is sure to be in the list."""
    scores = [step.min for step in manifest.postprocess if isinstance(step, Score)]
    full = any(isinstance(step, Top) and len(predictions) >= step.k for step in manifest.postprocess)
    if full:
        scores.append(predictions[-1].score)
    return max(scores, default=0.0)


def _has_partner(prediction: Prediction, others: _Predictions, tolerance: float) -> bool:
    return any(
        _alike(prediction, other)
        and abs(prediction.score - other.score) <= tolerance
        and _overlap(prediction, other) >= _SAME_PLACE
        for other in others
    )


def _same_best_class(pairs: Sequence[tuple[_Predictions, _Predictions]]) -> float:
    same = [[p.class_id for p in one[:1]] == [p.class_id for p in other[:1]] for one, other in pairs]
    return sum(same) / len(same)


def _f1(pairs: Sequence[tuple[_Predictions, _Predictions]]) -> float:
    matched = sum(len(_match(one, other, _SAME_OBJECT)) for one, other in pairs)
    predictions = sum(len(one) + len(other) for one, other in pairs)
    return 2 * matched / predictions if predictions else 1.0


def _near_keypoints(pairs: Sequence[tuple[_Predictions, _Predictions]]) -> float:
    shares = [share for one, other in pairs for share in _match(one, other, _ANY)]
    poses = sum(max(len(one), len(other)) for one, other in pairs)
    return sum(shares) / poses if poses else 1.0


def _like_levels(pairs: Sequence[tuple[_Predictions, _Predictions]]) -> float:
    likeness = [_overlap(*made) for one, other in pairs for made in zip(one, other, strict=False)]
    pictures = sum(max(len(one), len(other)) for one, other in pairs)
    return sum(likeness) / pictures if pictures else 1.0


_AGREEMENTS: dict[str, Callable[[Sequence[tuple[_Predictions, _Predictions]]], float]] = {
    "classification": _same_best_class,
    "detection": _f1,
    "instance_segmentation": _f1,
    "pose": _near_keypoints,
    "super_resolution": _like_levels,
}


def _match(expected: _Predictions, actual: _Predictions, least: float) -> list[float]:
    """The overlap of each pair, the best-scored of `actual` choosing first."""
    free, matched = list(expected), []
    for prediction in sorted(actual, key=lambda prediction: -prediction.score):
        rivals = [(_overlap(other, prediction), place) for place, other in enumerate(free) if _alike(other, prediction)]
        overlap, place = max(rivals, default=(-1.0, 0), key=lambda rival: rival[0])
        if overlap >= least:
            free.pop(place)
            matched.append(overlap)
    return matched


def _alike(one: Prediction, other: Prediction) -> bool:
    return one.class_id == other.class_id


def _overlap(expected: Prediction, actual: Prediction) -> float:
    """From 0 to 1, of predictions of one class."""
    match expected, actual:
        case Classification(), Classification():
            return 1.0
        case Detection(), Detection():
            return float(iou(np.array(expected.box), np.array([actual.box]))[0])
        case Instance(), Instance():
            return mask_iou(expected.mask, actual.mask)
        case Pose(), Pose():
            return _share_of_near(expected, actual)
        case Picture(), Picture():
            return _likeness(open_picture(expected), open_picture(actual))
    raise TypeError(f"{type(expected).__name__} and {type(actual).__name__} are predictions of two tasks")


def _share_of_near(expected: Pose, actual: Pose) -> float:
    """Of keypoints."""
    columns, rows = [x for x, _, _ in expected.keypoints], [y for _, y, _ in expected.keypoints]
    reach = _NEAR * max(max(columns) - min(columns), max(rows) - min(rows))
    pairs = zip(expected.keypoints, actual.keypoints, strict=True)
    near = [hypot(a[0] - b[0], a[1] - b[1]) <= reach for a, b in pairs]
    return sum(near) / len(near)


def _likeness(one: Image.Image, other: Image.Image) -> float:
    if one.size != other.size:
        return 0.0
    return 1 - float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean()) / 255


def mask_iou(one: Rle, other: Rle) -> float:
    """Intersection over union of two masks of one image, counted run by run; 0 where both are empty."""
    ends = [np.cumsum(decompress(mask.counts)) for mask in (one, other)]
    cuts = np.unique(np.concatenate(ends))
    lengths = np.diff(cuts, prepend=0)
    inside = [np.searchsorted(end, cuts) % 2 == 1 for end in ends]  # runs of 1 are every second one
    union = int(lengths[inside[0] | inside[1]].sum())
    return int(lengths[inside[0] & inside[1]].sum()) / union if union else 0.0
