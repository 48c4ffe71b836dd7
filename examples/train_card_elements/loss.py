"""Training loss: varifocal loss of the scores and generalised IoU loss of the boxes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from assign import assign, inside
from labels import ALL_BITS, CLASSES, IGNORED, IMAGE, TEXTBOX

BOX_WEIGHT = 2.5
NEGATIVE_WEIGHT, FOCUS = 0.75, 2.0


def giou_loss(boxes: Tensor, objects: Tensor) -> Tensor:
    """1 - generalised IoU of matching rows, [n, 4] xyxy each -> [n].

    Rezatofighi et al., 2019, arXiv:1902.09630."""
    low = torch.maximum(boxes[:, :2], objects[:, :2])
    high = torch.minimum(boxes[:, 2:], objects[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    sizes = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(-1) for b in (boxes, objects)]
    union = (sizes[0] + sizes[1] - shared).clamp(min=1e-6)
    hull_low = torch.minimum(boxes[:, :2], objects[:, :2])
    hull_high = torch.maximum(boxes[:, 2:], objects[:, 2:])
    hull = (hull_high - hull_low).prod(-1).clamp(min=1e-6)
    return 1 - shared / union + (hull - union) / hull


def varifocal(logits: Tensor, quality: Tensor, counted: Tensor) -> Tensor:
    """Sum of the varifocal loss (Zhang et al., 2021, arXiv:2008.13367).

    logits, quality (target score, 0 for background) and counted (0 or 1): [..., 6]. Where a cell
    is assigned to an object, its other classes weigh as much as the right one: the weight of plain
    background lets round and square signs both score well.
    """
    score = logits.detach().sigmoid()
    negative = torch.maximum(NEGATIVE_WEIGHT * score.pow(FOCUS), quality.amax(-1, keepdim=True))
    weight = torch.where(quality > 0, quality, negative) * counted
    entropy = functional.binary_cross_entropy_with_logits(logits, quality, reduction="none")
    return (entropy * weight).sum()


def counted_classes(centres: Tensor, objects: Tensor, classes: Tensor, masks: Tensor, known: int) -> Tensor:
    """For which cells and classes background counts: float [A, 6] of zeros and ones.

    Not counted are classes that the image does not label (`known`) and, inside the boxes of
    `objects` [n, 4], those of `masks` [n]. Inside labelled boxes of partly labelled images
    background counts where the label rules the class out all the same: text, radio buttons and
    checkboxes are no pictures, and the latter two neither buttons nor dropdowns.
    """
    flags = torch.arange(len(CLASSES))
    result = ((known >> flags) & 1).float().expand(centres.shape[0], -1).clone()
    if objects.shape[0] == 0:
        return result
    within = inside(objects, centres)
    if known != ALL_BITS:
        text = within[classes == TEXTBOX].any(0)
        result[text, IMAGE] = 1.0
        result[within[classes > TEXTBOX].any(0)] = 1.0
    masked = ((masks[:, None] >> flags) & 1).float()
    hidden = within.float().t() @ masked
    return result * (hidden == 0)


def detection_loss(
    logits: Tensor,
    boxes: Tensor,
    centres: Tensor,
    targets: list[tuple[Tensor, Tensor, Tensor, int]],
) -> tuple[Tensor, Tensor]:
    """Score loss and weighted box loss of a batch, each a scalar.

    logits: [b, A, 6]; boxes: [b, A, 4] xyxy pixels; centres: [A, 2]; targets: for each image
    boxes [n, 4], classes [n], masks [n] and the bit set of labelled classes.
    """
    quality = torch.zeros_like(logits)
    counted = torch.zeros_like(logits)
    found, wanted, weights = [], [], []
    for index, (objects, classes, masks, known) in enumerate(targets):
        counted[index] = counted_classes(centres, objects, classes, masks, known)
        real = classes != IGNORED
        kept, numbers = objects[real], classes[real]
        scores = logits[index].detach().sigmoid()
        owner, share = assign(scores, boxes[index].detach(), centres, kept, numbers)
        cell = torch.nonzero(owner >= 0).squeeze(1)
        number = numbers[owner[cell]]
        quality[index, cell, number] = share[cell]
        counted[index, cell, number] = 1.0
        found.append(boxes[index, cell])
        wanted.append(kept[owner[cell]])
        weights.append(share[cell])
    share = torch.cat(weights)
    total = share.sum().clamp(min=1.0)
    # Cells with a poor box still need a box gradient early on: a small floor under the weight.
    box_weight = share.clamp(min=0.05)
    overlap = giou_loss(torch.cat(found), torch.cat(wanted)) * box_weight
    score_loss = varifocal(logits, quality, counted) / total
    return score_loss, BOX_WEIGHT * overlap.sum() / box_weight.sum().clamp(min=1.0)
