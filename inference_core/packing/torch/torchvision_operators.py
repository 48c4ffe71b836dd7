"""torchvision's operators in plain Python, for where its own do not load: those of another build of torch, such as the
index's CUDA one beside CPU torch. To be imported by processes that hold Python torch, before torchvision is.

They are slow, and only run while a model is exported; engines have kernels of their own.
"""

import math
import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

_LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
# The last two are only named: importing or scripting torchvision looks them up.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor",
)
_BLOCK = 128
_ASKING = ("torchvision.extension", "torchvision.ops.roi_align")


def provide_operators() -> None:
    """Loads torchvision's operators, or defines them. Does nothing where torchvision is not installed."""
    package = find_spec("torchvision")
    if package is None or package.origin is None or "torchvision" in sys.modules:
        return
    try:
        torch.ops.load_library(str(Path(package.origin).with_name("_C.so")))
    except OSError:
        for schema in _SCHEMAS:
            _LIBRARY.define(schema)
        _LIBRARY.impl("nms", _nms, "CPU")
        _LIBRARY.impl("roi_align", _roi_align, "CPU")


def announce_operators() -> None:
    """Tells torchvision, once it is imported, that its operators are there: it asks before it calls them."""
    for name in _ASKING:
        if name in sys.modules:
            sys.modules[name]._has_ops = _has_ops  # type: ignore[attr-defined]


def _has_ops() -> bool:
    return True


def _nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Indices of boxes [N, 4] that stay, best first: greedy, IoU above the threshold suppresses. By blocks, whose boxes
    settle among themselves before they suppress the rest."""
    order = scores.argsort(descending=True, stable=True)
    boxes = dets[order]
    alive = torch.ones(len(boxes), dtype=torch.bool)
    for start in range(0, len(boxes), _BLOCK):
        block = boxes[start : start + _BLOCK]
        left = alive[start : start + _BLOCK]
        for i, rivals in enumerate(_iou(block, block) > iou_threshold):
            if left[i]:
                left[i + 1 :] &= ~rivals[i + 1 :]
        rest = start + len(block)
        alive[rest:] &= ~(_iou(block[left], boxes[rest:]) > iou_threshold).any(0)
    return order[alive]


def _iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Of each of [N, 4] with each of [K, 4]; not a number, which is not above anything, where both have no area."""
    low = torch.maximum(boxes[:, None, :2], others[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = (high - low).clamp(min=0).prod(dim=2)
    areas = [(given[:, 2] - given[:, 0]) * (given[:, 3] - given[:, 1]) for given in (boxes, others)]
    return both / (areas[0][:, None] + areas[1][None] - both)


def _roi_align(
    image: Tensor, rois: Tensor, scale: float, height: int, width: int, sampling_ratio: int, aligned: bool
) -> Tensor:
    """Bilinear samples of features [N, C, H, W], averaged over `height` x `width` bins of each region [K, 5].

    As two products of matrices for each region. Source: He et al., "Mask R-CNN", arXiv:1703.06870.
    """
    result = image.new_empty((len(rois), image.shape[1], height, width))
    for region, output in zip(rois.double(), result, strict=True):
        x1, y1, x2, y2 = (region[1:] * scale - (0.5 if aligned else 0.0)).tolist()
        rows, tall = _shares(y1, y2, height, image.shape[2], sampling_ratio, aligned)
        columns, wide = _shares(x1, x2, width, image.shape[3], sampling_ratio, aligned)
        output.copy_(rows @ image[int(region[0]), :, tall, wide].double() @ columns.T)
    return result


def _shares(start: float, end: float, bins: int, length: int, ratio: int, aligned: bool) -> tuple[Tensor, slice]:
    """How much each feature along an axis counts in each bin [bins, n], and which n of `length` features count."""
    extent = end - start if aligned else max(end - start, 1.0)
    samples = max(ratio if ratio > 0 else math.ceil(extent / bins), 1)
    places = start + (torch.arange(bins * samples, dtype=torch.float64) + 0.5) * (extent / (bins * samples))
    inside = (places >= -1) & (places <= length)
    near = places.clamp(0, length - 1)
    window = slice(int(near.min()), min(int(near.max()) + 2, length))
    distance = (near[:, None] - torch.arange(window.start, window.stop)).abs()
    weights = (1 - distance).clamp(min=0) * inside[:, None]
    return weights.view(bins, samples, -1).mean(1), window
