"""Output tensors of detectors to boxes in input pixels: the reference implementations.

Boxes are computed in float64 and rounded to float32 once. Steps say what each coding means and where it is published.
"""

import math

import numpy as np

from inference_core.bundle.heads import Boxes, BoxFormat, Distances, Picked, Ssd, Yolo, Yolox
from inference_core.errors import EngineError
from inference_core.tasks.activation import ACTIVATIONS
from inference_core.tasks.grid import anchors, cells
from inference_core.tasks.states import Detections, Doubles, Floats, Integers, ScoredBoxes, Singles, Tensors, misfit

_LARGEST_LOG = 20.0
"""exp of it is wider than any image."""
_LARGEST_GROWTH = math.log(1000 / 16)
_LARGEST = float(np.finfo(np.float32).max)
_LAST_INDEX = 2**24 - 1
"""Up to here each whole number is a float32."""


def decode_yolox(step: Yolox, tensors: Tensors) -> ScoredBoxes:
    """Decodes the YOLOX head. Source: arXiv:2107.08430 and the upstream repository Megvii-BaseDetection/YOLOX."""
    raw = tensors.output(step.output)
    if raw.ndim != 2 or raw.shape[1] < 6:
        raise misfit("the YOLOX output", raw, "[rows, 5 + classes]")
    places, strides = cells(tensors.input_width, tensors.input_height, step.strides)
    _check_rows("the YOLOX output", raw, len(places), tensors, f"strides {step.strides}")
    centers = (raw[:, 0:2] + places) * strides
    sizes = np.exp(raw[:, 2:4].astype(np.float64).clip(max=_LARGEST_LOG)) * strides
    return ScoredBoxes(_around(centers, sizes), _products(raw))


def read_yolo(step: Yolo, tensors: Tensors) -> ScoredBoxes:
    """Takes apart the one tensor of decoded boxes and class scores."""
    raw, before = tensors.output(step.output), 5 if step.objectness else 4
    if raw.ndim != 2 or raw.shape[0 if step.transposed else 1] <= before:
        wanted = f"[{before} + classes, rows]" if step.transposed else f"[rows, {before} + classes]"
        raise misfit("the YOLO output", raw, wanted)
    rows = raw.T if step.transposed else raw
    scores = _products(rows) if step.objectness else rows[:, 4:]
    return ScoredBoxes(_to_pixels(rows[:, :4], "cxcywh", False, tensors), scores)


def _products(rows: Floats) -> Floats:
    """Objectness * class probability of rows [A, 5 + C]."""
    with np.errstate(over="ignore"):  # numbers that are no probabilities: infinity says so well enough
        return np.asarray(rows[:, 4:5] * rows[:, 5:])


def read_boxes(step: Boxes, tensors: Tensors) -> ScoredBoxes:
    """Brings boxes that the graph has decoded to xyxy in input pixels."""
    raw = _read_rows(step.boxes, tensors)
    boxes = _to_pixels(raw, step.format, step.normalized, tensors)
    return ScoredBoxes(boxes, _scores(step, tensors, len(raw)).astype(np.float32))


def decode_ssd(step: Ssd, tensors: Tensors) -> ScoredBoxes:
    """Decodes offsets from anchors."""
    raw = _read_rows(step.boxes, tensors)
    centers, sizes = anchors(tensors.input_width, tensors.input_height, step.levels)
    plan = " and ".join(f"{len(level.sizes)} for each cell at stride {level.stride:g}" for level in step.levels)
    _check_rows(f"the boxes output {step.boxes}", raw, len(centers), tensors, plan)
    offsets = raw * np.array(step.variances)
    grown = np.exp(offsets[:, 2:4].clip(max=_LARGEST_GROWTH)) * sizes
    boxes = _around(centers + offsets[:, 0:2] * sizes, grown)
    return ScoredBoxes(boxes, _scores(step, tensors, len(raw)).astype(np.float32))


def decode_distances(step: Distances, tensors: Tensors) -> ScoredBoxes:
    """Decodes distances from the points of cells."""
    raw = _read_rows(step.boxes, tensors)
    places, strides = cells(tensors.input_width, tensors.input_height, step.strides)
    _check_rows(f"the boxes output {step.boxes}", raw, len(places), tensors, f"strides {step.strides}")
    centers = (places + step.offset) * strides
    sides = raw * (strides if step.scaled else np.float64(1))
    boxes = _round_boxes(np.concatenate([centers - sides[:, 0:2], centers + sides[:, 2:4]], axis=1))
    scores = _scores(step, tensors, len(raw))
    if step.centerness is not None:
        scores = np.sqrt((scores * _centerness(step, step.centerness, tensors, len(raw))).clip(min=0))
    return ScoredBoxes(boxes, scores.astype(np.float32))


def read_picked(step: Picked, tensors: Tensors) -> Detections:
    """Takes the filled rows of what the graph has picked."""
    raw = _read_rows(step.boxes, tensors)
    scores, classes = tensors.output(step.scores), tensors.output(step.classes)
    for name, value in (("scores", scores), ("classes", classes)):
        if value.shape != (len(raw),):
            raise misfit(f"the {name} output {getattr(step, name)}", value, f"[{len(raw)}], a value for each box")
    filled = len(raw) if step.count is None else _filled(step.count, tensors, len(raw))
    boxes = _to_pixels(raw[:filled], step.format, step.normalized, tensors)
    index = _whole_numbers(f"the classes output {step.classes}", classes[:filled], _LAST_INDEX)
    return Detections(boxes, scores[:filled], index, np.arange(filled))


def _read_rows(name: str, tensors: Tensors) -> Singles:
    raw = tensors.output(name)
    if raw.ndim != 2 or raw.shape[1] != 4:
        raise misfit(f"the boxes output {name}", raw, "[rows, 4]")
    return raw


def _check_rows(what: str, raw: Floats, count: int, tensors: Tensors, plan: str) -> None:
    if len(raw) != count:
        raise EngineError(
            f"{what} does not fit the input size and the strides",
            got=f"{len(raw)} rows",
            expected=f"{count} rows for {tensors.input_width} x {tensors.input_height}, {plan}",
            remedy="correct the strides in the recipe and pack the model again",
        )


def _scores(step: Boxes | Ssd | Distances, tensors: Tensors, rows: int) -> Doubles:
    """Probabilities [A, C] after the activation, without the background."""
    raw, first = tensors.output(step.scores), int(step.background)
    if raw.ndim != 2 or len(raw) != rows or raw.shape[1] <= first:
        columns = "1 + classes" if step.background else "classes"
        raise misfit(f"the scores output {step.scores}", raw, f"[{rows}, {columns}], a row for each box")
    return ACTIVATIONS[step.activation](raw)[:, first:]


def _centerness(step: Distances, name: str, tensors: Tensors, rows: int) -> Doubles:
    """Centerness [A, 1]; softmax would make one value 1, so there it is a sigmoid too."""
    raw = tensors.output(name)
    if raw.shape != (rows, 1):
        raise misfit(f"the centerness output {name}", raw, f"[{rows}, 1], a row for each box")
    return ACTIVATIONS["none" if step.activation == "none" else "sigmoid"](raw)


def _filled(name: str, tensors: Tensors, rows: int) -> int:
    raw = tensors.output(name)
    if raw.size != 1:
        raise misfit(f"the count output {name}", raw, "one number")
    return int(_whole_numbers(f"the count output {name}", raw.reshape(1), rows)[0])


def _whole_numbers(what: str, values: Floats, last: int) -> Integers:
    """Floats that stand for integers. Raises EngineError unless they are whole and 0 to `last`."""
    wrong = values[(values != np.floor(values)) | (values < 0) | (values > last)]
    if wrong.size:
        raise EngineError(
            f"{what} holds values that its step cannot use",
            got=f"{wrong[0]:g}",
            expected=f"whole numbers from 0 to {last}",
            remedy="correct the names of the outputs in the recipe and pack the model again",
        )
    return values.astype(np.int64)


def _to_pixels(raw: Floats, form: BoxFormat, normalized: bool, tensors: Tensors) -> Singles:
    """Boxes [A, 4] of any format as xyxy in input pixels."""
    values = raw.astype(np.float64)
    if form == "yxyx":
        values = values[:, [1, 0, 3, 2]]
    if normalized:
        values *= [tensors.input_width, tensors.input_height] * 2
    return _around(values[:, 0:2], values[:, 2:4]) if form == "cxcywh" else _round_boxes(values)


def _around(centers: Doubles, sizes: Doubles) -> Singles:
    half = sizes / 2
    return _round_boxes(np.concatenate([centers - half, centers + half], axis=1))


def _round_boxes(boxes: Doubles) -> Singles:
    """To float32; what lies beyond its range stays finite, so that overlaps stay numbers."""
    return boxes.clip(-_LARGEST, _LARGEST).astype(np.float32)
