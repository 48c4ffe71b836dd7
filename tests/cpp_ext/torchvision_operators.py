"""torchvision's operators in Python, for where its own do not load: they rarely do beside a CPU build of torch.

Slow, plain, and sharing no code with the kernels they are compared with. Like torchvision_models, never imported by the
tests.
"""

import math
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
# The last two are only named: importing or scripting torchvision looks them up.
SCHEMAS = [
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor",
]


def prepare_operators() -> bool:
    """Whether torchvision's own operators are there; if not, names them. Needed before torchvision is imported."""
    package = find_spec("torchvision")
    if package is None or package.origin is None:
        sys.exit("torchvision is not installed")
    try:
        torch.ops.load_library(str(Path(package.origin).with_name("_C.so")))
    except OSError:
        for schema in SCHEMAS:
            LIBRARY.define(schema)
        return False
    return True


def _has_ops() -> bool:
    """What torchvision asks before it calls an operator. Scripted as well, so it is a function with a source."""
    return True


def nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    boxes = dets.numpy()
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-scores.numpy(), kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        low = np.maximum(boxes[best, :2], boxes[left, :2])
        high = np.minimum(boxes[best, 2:], boxes[left, 2:])
        both = np.prod(np.maximum(high - low, 0), axis=1)
        with np.errstate(invalid="ignore"):  # two boxes without area: not a number, which is not above anything
            left = left[~(both / (areas[best] + areas[left] - both) > np.float64(iou_threshold))]
    return torch.tensor(kept, dtype=torch.int64)


def shares(start: float, end: float, bins: int, length: int, ratio: int, aligned: bool) -> Tensor:
    """How much each feature along an axis counts in each bin: [bins, length]."""
    extent = end - start if aligned else max(end - start, 1.0)
    samples = ratio if ratio > 0 else math.ceil(extent / bins)
    places = start + (torch.arange(bins * samples, dtype=torch.float64) + 0.5) * (extent / (bins * max(samples, 1)))
    inside = (places >= -1) & (places <= length)
    distance = (places.clamp(0, length - 1)[:, None] - torch.arange(length)).abs()
    near = (1 - distance).clamp(min=0) * inside[:, None]
    return near.view(bins, samples, length).sum(1) / max(samples, 1)


def roi_align(
    image: Tensor, rois: Tensor, scale: float, height: int, width: int, sampling_ratio: int, aligned: bool
) -> Tensor:
    """As two products of matrices for each region. Not torchvision's own in Python: that one does not leave out the
    samples beyond the edges, which small regions at the right and the bottom have."""
    result = image.new_empty((len(rois), image.shape[1], height, width))
    for region, output in zip(rois.double(), result, strict=True):
        x1, y1, x2, y2 = (region[1:] * scale - (0.5 if aligned else 0.0)).tolist()
        rows = shares(y1, y2, height, image.shape[2], sampling_ratio, aligned)
        columns = shares(x1, x2, width, image.shape[3], sampling_ratio, aligned)
        output.copy_(rows @ image[int(region[0])].double() @ columns.T)
    return result


def use_plain_operators() -> None:
    LIBRARY.impl("nms", nms, "CPU")
    LIBRARY.impl("roi_align", roi_align, "CPU")
    for module in ("torchvision.extension", "torchvision.ops.roi_align"):
        sys.modules[module]._has_ops = _has_ops  # type: ignore[attr-defined]
