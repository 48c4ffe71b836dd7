"""The detector: small residual backbone, two-way feature pyramid, anchor-free heads.

The residual blocks with a narrow pointwise layer follow Darknet-53 (Redmon and Farhadi, 2018,
arXiv:1804.02767): at this size plain 3x3 convolutions train several times faster on a CPU than
depthwise ones. The feature pyramid with a second, bottom-up path follows PANet (Liu et al., 2018,
arXiv:1803.01534); per-cell prediction of the distances to the four sides follows FCOS (Tian et
al., 2019, arXiv:1904.01355), here without a centre-ness or objectness branch.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from grid import STRIDES, WIDEST
from labels import CLASSES


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution with "same" padding, batch normalisation and SiLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(inplace=True),
    )


class Residual(nn.Module):
    """Pointwise convolution to half the channels, 3x3 convolution back, and a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow = conv(width, width // 2, 1)
        self.wide = conv(width // 2, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """float [b, width, h, w] -> the same shape."""
        y: Tensor = self.wide(self.narrow(x))
        return x + y


def stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    """Halving convolution followed by `depth` residual blocks."""
    return nn.Sequential(conv(inputs, outputs, 3, 2), *(Residual(outputs) for _ in range(depth)))


class Backbone(nn.Module):
    """Five halvings; the maps of the last three are handed on."""

    def __init__(self, widths: tuple[int, int, int, int, int]) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.stem = nn.Sequential(conv(3, a, 3, 2), stage(a, b, 1))
        self.third, self.fourth = stage(b, c, 2), stage(c, d, 2)
        self.fifth = nn.Sequential(stage(d, e, 2), Pooling(e))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """float [b, 3, S, S] -> maps of strides 8, 16 and 32."""
        third = self.third(self.stem(x))
        fourth = self.fourth(third)
        return third, fourth, self.fifth(fourth)


class Pooling(nn.Module):
    """Maxima over ever wider windows beside the map itself, so that a cell sees far sideways.

    Spatial pyramid pooling (He et al., 2014, arXiv:1406.4729), as a chain of equal poolings."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow = conv(width, width // 2, 1)
        self.merge = conv(width * 2, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """float [b, width, h, w] -> the same shape."""
        parts = [self.narrow(x)]
        for _ in range(3):
            parts.append(functional.max_pool2d(parts[-1], 5, 1, 2))
        y: Tensor = self.merge(torch.cat(parts, 1))
        return y


class Neck(nn.Module):
    """Top-down and bottom-up feature pyramid; all levels `width` channels wide."""

    def __init__(self, widths: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(conv(w, width, 1) for w in widths)
        self.down = nn.ModuleList(Residual(width) for _ in range(2))
        self.shrink = nn.ModuleList(conv(width, width, 3, 2) for _ in range(2))
        self.up = nn.ModuleList(Residual(width) for _ in range(2))

    def forward(self, maps: tuple[Tensor, Tensor, Tensor]) -> list[Tensor]:
        """Maps of strides 8, 16, 32 -> maps of the same sizes, `width` channels each."""
        low, mid, high = (layer(x) for layer, x in zip(self.lateral, maps, strict=True))
        mid = self.down[0](mid + functional.interpolate(high, scale_factor=2.0))
        low = self.down[1](low + functional.interpolate(mid, scale_factor=2.0))
        mid = self.up[0](mid + self.shrink[0](low))
        high = self.up[1](high + self.shrink[1](mid))
        return [low, mid, high]


class Head(nn.Module):
    """Class scores and side distances for the cells of one level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = Residual(width)
        self.sides = nn.Sequential(Residual(width), Residual(width))
        self.score = nn.Conv2d(width, len(CLASSES), 1)
        self.side = nn.Conv2d(width, 4, 1)
        nn.init.constant_(self.score.bias, -math.log(99.0))
        nn.init.constant_(self.side.bias, math.log(2.5))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """float [b, width, h, w] -> logits [b, h*w, 6], log distances in strides [b, h*w, 4]."""
        scores = self.score(self.classes(x)).flatten(2).transpose(1, 2)
        sides = self.side(self.sides(x)).flatten(2).transpose(1, 2)
        return scores, sides


class Detector(nn.Module):
    """All of it: picture in, logits and boxes of every cell out."""

    def __init__(self, widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 128), neck: int = 64) -> None:
        super().__init__()
        self.backbone = Backbone(widths)
        self.neck = Neck(widths[2:], neck)
        self.heads = nn.ModuleList(Head(neck) for _ in STRIDES)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """float [b, 3, S, S] in 0..1 -> logits [b, N, 6], boxes xyxy in pixels [b, N, 4]."""
        maps = self.neck(self.backbone(images))
        size = images.shape[-1]
        centres, strides = cells(size, images.device)
        outputs = [head(x) for head, x in zip(self.heads, maps, strict=True)]
        logits = torch.cat([scores for scores, _ in outputs], 1).float()
        logs = torch.cat([sides for _, sides in outputs], 1).float()
        reach = logs.clamp(max=WIDEST).exp() * strides[:, None]
        first, last = centres - reach[..., :2], centres + reach[..., 2:]
        return logits, torch.cat([first, last], -1)


def cells(size: int, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Centres [N, 2] (x, y) and strides [N] of all cells of a `size` pixels square, float32."""
    centres, strides = [], []
    for stride in STRIDES:
        n = size // stride
        axis = (torch.arange(n, dtype=torch.float32, device=device) + 0.5) * stride
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        centres.append(torch.stack([x, y], -1).reshape(-1, 2))
        strides.append(torch.full((n * n,), float(stride), device=device))
    return torch.cat(centres), torch.cat(strides)


def parameter_count(model: nn.Module) -> int:
    """Number of trained weights."""
    return sum(p.numel() for p in model.parameters())
