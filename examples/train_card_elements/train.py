"""Train the detector on a CPU with drawn and, where given, hand-labelled cards.

The learning rate follows a cosine over the given minutes (or steps, whichever is used up first),
so that the run ends trained to the end whatever the speed of the computer; with --steps and ample
minutes a run can be repeated exactly.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

import metrics
from averaging import Averaged
from batches import Batch, Batches, BatchPlan, same
from dataset import Sample, read_cards, read_voc, split
from detect import Model, detect
from generate import generate
from labels import FloatArray
from loss import detection_loss
from model import Detector, cells, parameter_count

HELD_OUT_SEED = 9_000_000
"""Seed of the first drawn card of the validation set."""


@dataclass
class Clock:
    """How far the run is: share of the minutes or of the steps, whichever is larger."""

    minutes: float
    steps: int
    began: float
    step: int = 0

    def progress(self) -> float:
        """0 at the start, 1 or more at the end."""
        spent = (time.monotonic() - self.began) / max(self.minutes * 60, 1e-9)
        return max(spent, self.step / self.steps if self.steps else 0.0)

    def rate(self, peak: float, warm_up: int) -> float:
        """Learning rate: linear warm-up, then half a cosine down to a hundredth of `peak`."""
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, self.progress())))
        return peak * min(1.0, (self.step + 1) / warm_up) * (0.01 + 0.99 * cosine)


def as_function(model: Detector) -> Model:
    """The model as a function of numpy arrays, for `detect`."""

    @torch.no_grad()
    def run(images: FloatArray) -> tuple[FloatArray, FloatArray]:
        logits, boxes = model(torch.from_numpy(images))
        return boxes[0].numpy(), logits[0].sigmoid().numpy()

    return run


def validate(model: Detector, samples: list[Sample], size: int) -> list[metrics.ClassResult]:
    """Average precision of `model` on `samples`."""
    function = as_function(model)
    return metrics.results([(detect(function, s.image(), size), s.labels) for s in samples])


def optimiser(model: nn.Module, rate: float, decay: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2019, arXiv:1711.05101); no decay of biases and norms."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate)


class Run:
    """One training run: model, its average, optimiser and clock."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.model = Detector().to(memory_format=torch.channels_last)
        if args.start is not None:
            self.model.load_state_dict(torch.load(args.start, weights_only=True)["model"])
        self.average = Averaged(self.model)
        self.optimiser = optimiser(self.model, args.rate, 0.02)
        self.centres, _ = cells(args.view)
        self.clock = Clock(args.minutes, args.steps, time.monotonic())

    def advance(self, batch: Batch) -> tuple[float, float]:
        """One step on `batch`; return the score loss and the box loss."""
        pixels, targets = batch
        images = pixels.contiguous(memory_format=torch.channels_last).float() / 255
        for group in self.optimiser.param_groups:
            group["lr"] = self.clock.rate(self.args.rate, self.args.warm_up)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.args.bfloat16):
            logits, boxes = self.model(images)
        score_loss, box_loss = detection_loss(logits, boxes, self.centres, targets)
        self.optimiser.zero_grad(set_to_none=True)
        (score_loss + box_loss).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimiser.step()
        self.average.update(self.model)
        self.clock.step += 1
        return score_loss.item(), box_loss.item()

    def save(self, path: Path) -> None:
        """Write the averaged weights and the size they are meant for."""
        state = {"model": self.average.model.state_dict(), "size": self.args.size}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)


def train(args: argparse.Namespace) -> None:
    """The whole run: data, steps, validation now and then, checkpoints."""
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    generate(args.out / "cards", 0, args.cards, args.threads)
    generate(args.out / "held", HELD_OUT_SEED, args.held, args.threads)
    held = read_cards(args.out / "held")
    real, held_real = split(read_voc(args.real)) if args.real else ([], [])
    plan = BatchPlan(args.batch, args.view, args.size, args.real_share, args.seed)
    source = Batches(read_cards(args.out / "cards"), real, plan)
    loader = DataLoader(source, batch_size=1, num_workers=args.workers, collate_fn=same)
    run = Run(args)
    print(f"{parameter_count(run.model)} weights, {args.cards} drawn, {len(real)} real", flush=True)
    sums, checked = np.zeros(3), time.monotonic()
    for batch in loader:
        sums += (*run.advance(batch), 1.0)
        done = run.clock.progress() >= 1
        if run.clock.step % 100 == 0:
            spent = time.monotonic() - run.clock.began
            print(
                f"{spent / 60:6.1f} min  step {run.clock.step:6d}  "
                f"scores {sums[0] / sums[2]:.3f}  boxes {sums[1] / sums[2]:.3f}",
                flush=True,
            )
            sums[:] = 0
        if done or time.monotonic() - checked > args.check * 60:
            run.save(args.out / "last.pt")
            few = held if done else held[:60]
            for title, samples in (("drawn", few), ("real", held_real)):
                if samples:
                    rows = validate(run.average.model, samples, args.size)
                    print(f"held out, {title}:\n{metrics.table(rows)}", flush=True)
            checked = time.monotonic()
        if done:
            break


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for drawn cards and checkpoints")
    add("--real", type=Path, help="folder of hand-labelled cards (Pascal VOC); optional")
    add("--minutes", type=float, default=60.0, help="length of the run (default 60)")
    add("--steps", type=int, default=0, help="most optimiser steps; 0: no limit (default)")
    add("--size", type=int, default=512, help="side of the canvas at inference (default 512)")
    add("--view", type=int, default=512, help="side of a training view (default 512)")
    add("--batch", type=int, default=16, help="views per step (default 16)")
    add("--rate", type=float, default=2e-3, help="peak learning rate (default 0.002)")
    add("--warm-up", type=int, default=200, help="steps of rising learning rate (default 200)")
    add("--real-share", type=float, default=0.35, help="share of real views (default 0.35)")
    add("--cards", type=int, default=8000, help="drawn cards to train with (default 8000)")
    add("--held", type=int, default=240, help="drawn cards to validate with (default 240)")
    add("--check", type=float, default=10.0, help="minutes between validations (default 10)")
    add("--threads", type=int, default=2, help="threads of torch (default 2)")
    add("--workers", type=int, default=1, help="data loading processes (default 1)")
    add("--seed", type=int, default=7, help="seed of all random choices (default 7)")
    add("--start", type=Path, help="checkpoint to start from instead of random weights")
    add("--bfloat16", action="store_true", help="16 bit steps: faster on CPUs with AMX")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    train(args)


if __name__ == "__main__":
    main()
