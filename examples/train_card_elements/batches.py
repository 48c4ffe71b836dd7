"""Endless training batches of drawn and, where given, hand-labelled cards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from augment import view
from dataset import Sample
from labels import TEXTBOX, Labels

Target = tuple[Tensor, Tensor, Tensor, int]
Batch = tuple[Tensor, list[Target]]
"""uint8 [b, 3, size, size] and for each image boxes [n, 4], classes [n], masks [n], known bits."""
LONGEST = 1100
"""Hand-labelled cards are kept in memory with at most this many pixels on the longest side."""


@dataclass(frozen=True)
class BatchPlan:
    """batch: images per batch; size: side of a view; full: side of the canvas at inference;
    real_share: share of hand-labelled cards; seed: of all random choices."""

    batch: int
    size: int
    full: int
    real_share: float
    seed: int


class Batches(IterableDataset[Batch]):
    """The batches; every worker process draws its own random sequence."""

    def __init__(self, drawn: list[Sample], real: list[Sample], plan: BatchPlan) -> None:
        self.drawn, self.plan = drawn, plan
        self.real = [_small(sample) for sample in real]
        # Few hand-labelled cards hold radio buttons or checkboxes: those are shown twice as often.
        self.weights = [1 + int((labels.classes > TEXTBOX).any()) for _, labels in self.real]

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = random.Random(f"{self.plan.seed}/{worker.id if worker else 0}")
        while True:
            yield self._batch(rng)

    def _batch(self, rng: random.Random) -> Batch:
        plan = self.plan
        pixels, targets = [], []
        for _ in range(plan.batch):
            if self.real and rng.random() < plan.real_share:
                image, labels = rng.choices(self.real, self.weights)[0]
            else:
                sample = rng.choice(self.drawn)
                image, labels = sample.image(), sample.labels
            canvas, seen = view(image, labels, plan.size, plan.full, rng)
            pixels.append(canvas)
            targets.append(
                (
                    torch.from_numpy(seen.boxes),
                    torch.from_numpy(seen.classes),
                    torch.from_numpy(seen.masks),
                    seen.known,
                )
            )
        stacked = np.stack(pixels).transpose(0, 3, 1, 2)
        return torch.from_numpy(np.ascontiguousarray(stacked)), targets


def _small(sample: Sample) -> tuple[Image.Image, Labels]:
    """Picture and labels of `sample`, scaled down to `LONGEST`."""
    image, labels = sample.image(), sample.labels
    ratio = min(1.0, LONGEST / max(image.size))
    size = (round(image.width * ratio), round(image.height * ratio))
    if ratio < 1:
        image = image.resize(size, Image.Resampling.BILINEAR)
    boxes = (labels.boxes * ratio).astype(np.float32)
    return image, Labels(boxes, labels.classes, labels.masks, labels.known)


def same(batches: list[Batch]) -> Batch:
    """Collation for a loader that asks for one ready batch at a time."""
    return batches[0]
