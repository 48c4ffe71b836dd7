"""Vocabulary of the steps that read output tensors: classes, boxes in the codings of the usual detectors, poses, masks.

The first step of every post-processing chain is one of these. `bundle/postprocess.py` has the others.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle.schema import Record, ShapeOf, Step, TensorUse

Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=2**31)]
Length = Annotated[float, Field(gt=0, le=2**31)]
Stride = Annotated[float, Field(ge=1, le=2**31)]
Offset = Annotated[float, Field(ge=0, le=1)]
BoxFormat = Literal["xyxy", "yxyx", "cxcywh"]


class OutputStep(Step):
    """Reads one output."""

    output: str | None = None
    """Name of the artifact output; may be left out when there is only one."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return (TensorUse("output", self.output),)


class _ClassStep(OutputStep):
    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return math.prod(shape_of(self.output)[1:])


class Softmax(_ClassStep):
    """Reads logits [N, C] and turns each row into probabilities."""

    op: Literal["softmax"] = "softmax"


class Sigmoid(_ClassStep):
    """Reads logits [N, C] of a multi-label classifier and turns each into a probability of its own."""

    op: Literal["sigmoid"] = "sigmoid"


class Probabilities(_ClassStep):
    """Reads probabilities [N, C] that the graph has already normalised."""

    op: Literal["probabilities"] = "probabilities"


class Yolox(OutputStep):
    """Decodes the raw YOLOX head [N, A, 5 + C], A being the cells of all strides in order.

    A stride has ceil(input / stride) cells each way. Centre = (p_xy + cell) * stride, size = exp(min(p_wh, 20)) *
    stride, score = objectness * class probability, both already through a sigmoid.
    Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430.
    """

    op: Literal["yolox"] = "yolox"
    strides: Annotated[tuple[Count, ...], Field(min_length=1)] = (8, 16, 32)

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return _columns_after(5, shape_of(self.output))


class Yolo(OutputStep):
    """Reads one tensor [N, A, 4 + C] of boxes that the graph has decoded, as YOLOv5 to YOLO11 are exported.

    A row is centre x, centre y, width, height in pixels of the input, then, with `objectness`, one probability that
    anything is there, then one for each class. Score = objectness * class probability.
    """

    op: Literal["yolo"] = "yolo"
    objectness: bool = True
    """Whether the fifth value is an objectness (YOLOv5, YOLOv7); YOLOv8 and later have none."""
    transposed: bool = False
    """Whether the tensor is [N, 4 + C, A], as YOLOv8 and later give it."""

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return _columns_after(5 if self.objectness else 4, shape_of(self.output), 1 if self.transposed else 2)


class _HeadStep(Step):
    """Reads boxes and class scores from two outputs."""

    boxes: str = "boxes"
    scores: str = "scores"
    activation: Literal["none", "sigmoid", "softmax"] = "none"
    """What turns the scores [N, A, C] into probabilities, softmax along C; none where the graph has done so."""
    background: bool = False
    """Whether column 0 of the scores stands for "nothing": it takes part in the activation and is then left out."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return TensorUse("output", self.boxes), TensorUse("output", self.scores)

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return _columns_after(int(self.background), shape_of(self.scores))


class Boxes(_HeadStep):
    """Reads boxes [N, A, 4] that the graph has already decoded, and scores [N, A, C]."""

    op: Literal["boxes"] = "boxes"
    format: BoxFormat = "xyxy"
    normalized: bool = False
    """Whether coordinates run from 0 to 1 over the input tensor instead of being its pixels."""


class AnchorLevel(Record):
    """The anchors of one feature map: the same boxes around the point of every cell, row by row."""

    stride: Stride
    """Pixels of the input between two cells, which may be a rounded fraction; the map has ceil(input / stride - 0.0001)
    of them each way. torchvision's RetinaNet and FCOS space cells by floor(input / cells), which is the stride only
    where that divides the input: export them for sides that are multiples of the largest stride."""
    sizes: Annotated[tuple[tuple[Length, Length], ...], Field(min_length=1)]
    """Width and height of each anchor in pixels of the input."""
    offset: Offset = 0.5
    """Where in its cell the point lies: 0.5 for the centre, 0 for the corner."""


class Ssd(_HeadStep):
    """Decodes boxes [N, A, 4] that are stated as offsets from anchors: SSD, RetinaNet.

    With t = raw * variances: centre = anchor centre + t_xy * anchor size, size = exp(min(t_wh, log(1000 / 16))) *
    anchor size. Rows run over levels, then cells row by row, then the anchors of a cell. Sources: Liu et al., "SSD:
    Single Shot MultiBox Detector", arXiv:1512.02325; the bound on the exponent is that of Detectron and torchvision.
    """

    op: Literal["ssd"] = "ssd"
    levels: Annotated[tuple[AnchorLevel, ...], Field(min_length=1)]
    variances: tuple[Length, Length, Length, Length] = (0.1, 0.1, 0.2, 0.2)
    """Factors of the offsets in x, y, width and height: the inverse of what some frameworks call box weights."""


class Distances(_HeadStep):
    """Decodes boxes [N, A, 4] that are stated as distances left, top, right, bottom from the point of a cell.

    The anchor-free kind: FCOS (Tian et al., arXiv:1904.01355), NanoDet, and YOLOv8 before its last layer. Cells run
    level by level, row by row; a level has ceil(input / stride - 0.0001) of them each way.
    """

    op: Literal["distances"] = "distances"
    strides: Annotated[tuple[Stride, ...], Field(min_length=1)]
    offset: Offset = 0.5
    """Where in its cell the point lies: 0.5 for the centre, 0 for the corner, as in torchvision's FCOS (on the sides of
    whose input the stride of `AnchorLevel` has a word)."""
    scaled: bool = True
    """Whether distances are in units of the stride rather than in pixels."""
    centerness: str | None = None
    """Output [N, A, 1] that damps boxes far from their object: score = sqrt(class * centerness), each after the
    activation, which for centerness is a sigmoid where that of the scores is softmax. A product below 0 counts as 0."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return (*super().tensors(), *([] if self.centerness is None else [TensorUse("output", self.centerness)]))


class Picked(Step):
    """Reads detections that the graph has already picked: boxes [N, K, 4], scores [N, K] and class indices [N, K].

    Indices and counts may be of any number type, but have to be whole: an index less than 2^24, a count at most K.
    Behind the filled rows any finite number may stand.
    """

    op: Literal["picked"] = "picked"
    boxes: str = "boxes"
    scores: str = "scores"
    classes: str = "classes"
    count: str | None = None
    """Output [N] or [N, 1] that says how many rows are filled; absent where all are."""
    format: BoxFormat = "xyxy"
    normalized: bool = False
    """Whether coordinates run from 0 to 1 over the input tensor instead of being its pixels."""

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        names = (self.boxes, self.scores, self.classes, *([] if self.count is None else [self.count]))
        return tuple(TensorUse("output", name) for name in names)


class HeatMaps(OutputStep):
    """Reads one heat map per keypoint of the one person in the picture; the peak is the keypoint.

    A peak in cell (x, y) lies at (x + 0.5) * input width / map width, and likewise down; of equal peaks the first
    counts, row by row. Its level, clipped to 0..1, is the keypoint's score, the mean of those the score of the pose,
    whose class is the first. Source of `quarter`: Xiao et al., "Simple Baselines for Human Pose Estimation and
    Tracking", arXiv:1804.06208.
    """

    op: Literal["heat_maps"] = "heat_maps"
    layout: Literal["CHW", "HWC"] = "CHW"
    """Axes of the output after the batch axis."""
    refine: Literal["none", "quarter"] = "none"
    """`quarter` moves the peak a quarter of a cell towards the higher of its two neighbours, along each axis; not where
    one of them is missing or both are equal."""

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return 1


class Masks(OutputStep):
    """Reads the mask of each detection, in the rows that the boxes came from: [N, A, h, w], or [N, A, C, h, w] of which
    the channel of the detection's class counts, or the only one.

    A mask spans its box; it is sampled bilinearly, first along its rows, at the centre of each pixel of the upright
    original, 0 lying around it: the centre of pixel x is at (x + 0.5 - x1) / (x2 - x1) * w - 0.5. Pixels whose centre
    is not in the box, from x1 up to but not including x2, do not belong to the object. Source: He et al., "Mask R-CNN",
    arXiv:1703.06870, with the sampling of Detectron2.
    """

    op: Literal["masks"] = "masks"
    activation: Literal["none", "sigmoid"] = "none"
    """What turns the mask into probabilities, before it is sampled; none where the graph has done so."""
    threshold: Probability = 0.5
    """The least probability that belongs to the object."""


def _columns_after(others: int, shape: Sequence[int], axis: int = 2) -> int | None:
    """Classes on `axis` of an output [N, ., .] after `others`; None for another shape, which the step refuses."""
    return shape[axis] - others if len(shape) == 3 and shape[axis] > others else None
