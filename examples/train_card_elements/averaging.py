"""Exponential moving average of a model's weights."""

from __future__ import annotations

import copy
import math

import torch

from model import Detector


class Averaged:
    """A copy of the model that follows it slowly, faster during the first steps."""

    def __init__(self, model: Detector, decay: float = 0.9985) -> None:
        self.model = copy.deepcopy(model).eval()
        self.decay = decay
        self.steps = 0
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)

    @torch.no_grad()
    def update(self, model: Detector) -> None:
        """Move the average towards the weights of `model`."""
        self.steps += 1
        decay = self.decay * (1 - math.exp(-self.steps / 300))
        theirs = model.state_dict()
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                value.lerp_(theirs[name], 1 - decay)
            else:
                value.copy_(theirs[name])
