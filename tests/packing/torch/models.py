"""PyTorch models for the tests of packing. Imported only by processes that hold Python torch."""

import importlib
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Means(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """Logits [N, classes] of images [N, 3, H, W]: a weighted sum of the mean of each colour channel."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.mix = nn.Linear(3, classes, bias=False)
        self.mix.weight.data = torch.eye(classes, 3) * 10

    def forward(self, pixels: Tensor) -> Tensor:
        return self.mix(pixels.mean((2, 3)))


class Parts(NamedTuple):
    means: Tensor
    rows: Tensor


class Several(nn.Module):  # type: ignore[misc]
    """Nested answers: the means of the channels and of the rows, and the latter twice."""

    def forward(self, pixels: Tensor) -> dict[str, object]:
        parts = Parts(pixels.mean((2, 3)), pixels.mean(3))
        return {"parts": parts, "twice": [parts.rows, parts.rows * 2]}


class Text(nn.Module):  # type: ignore[misc]
    def forward(self, pixels: Tensor) -> dict[str, object]:
        return {"mean": pixels.mean(), "what": ["a picture"]}


class Moody(nn.Module):  # type: ignore[misc]
    """Decides by the values of the picture, which a trace cannot."""

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.mean((2, 3)) if pixels[0, 0, 0, 0] > pixels[0, 0, -1, -1] else pixels.amax((2, 3))


class Flat(nn.Module):  # type: ignore[misc]
    """Wants vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(7, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.mix(pixels)


def not_a_model() -> str:
    return "weights"


def write_weights(folder: str, kind: str) -> None:
    """The weights of `Means` in a file of that kind, or something that is no such file."""
    means, path = Means(), f"{folder}/{kind}"
    written = {
        "state_dict.pth": means.state_dict(),
        "other.pth": {"mix.bias": torch.zeros(3), "head.weight": torch.zeros(3)},
        "wide.pth": Means(5).state_dict(),
        "checkpoint.pth": {"epoch": 3, "state_dict": means.state_dict()},
        "model.pth": means,
    }
    if kind == "weights.safetensors":
        importlib.import_module("safetensors.torch").save_file(means.state_dict(), path)
    elif kind == "archive.pth":
        torch.jit.script(means).save(path)
    else:
        torch.save(written[kind], path)


def write_program(path: str, dynamic: bool) -> None:
    """`Means` as torch.export saves it."""
    axes = ({0: torch.export.Dim("batch", min=1, max=16)},) if dynamic else None
    torch.export.save(
        torch.export.export(Means().eval(), (torch.rand(2 if dynamic else 1, 3, 8, 8),), dynamic_shapes=axes), path
    )
