"""Write the exported ONNX model as a TorchScript archive and check it against onnxruntime.

The weights come out of the ONNX file, so that both forms are the same model whatever became of the checkpoint. Names,
shapes and layouts of input and outputs are those of the ONNX file.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from export import Deployed
from exported import Convolution, arguments, compare, convolutions, random_picture, side
from grid import STRIDES
from labels import CLASSES
from model import Detector


class Named(nn.Module):
    """The detector for one picture at a time, as in the ONNX file, with outputs by name."""

    def __init__(self, deployed: Deployed, pixels: int) -> None:
        super().__init__()
        self.deployed = deployed
        self.cells = sum((pixels // stride) ** 2 for stride in STRIDES)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """float32 [1, 3, S, S] -> boxes [1, N, 4], scores [1, N, 6]."""
        boxes, scores = self.deployed(images)
        return {"boxes": boxes.reshape(1, self.cells, 4), "scores": scores.reshape(1, self.cells, len(CLASSES))}


class Copy(nn.Module):
    """Its input, in memory of its own."""

    def forward(self, x: Tensor) -> Tensor:
        """Any tensor -> the same values."""
        return x.clone()


def detector_with(weights: Sequence[Convolution], example: Tensor) -> Detector:
    """The detector with these convolutions, in the order in which they run, and without batch normalisation."""
    detector = Detector().eval()
    for block in list(detector.modules()):
        if isinstance(block, nn.Sequential) and isinstance(block[1], nn.BatchNorm2d):
            block[0].bias = nn.Parameter(torch.zeros(block[0].out_channels))
            block[1], block[2] = nn.Identity(), nn.SiLU()
    for layer, (weight, bias) in zip(_in_order(detector, example), weights, strict=True):
        layer.load_state_dict({"weight": torch.from_numpy(weight.copy()), "bias": torch.from_numpy(bias.copy())})
    for head in detector.heads:
        # libtorch's fusion adds a shortcut in place, even where the other branch has yet to read what it overwrites.
        head.sides.insert(0, Copy())
    return detector


def _in_order(detector: Detector, example: Tensor) -> list[nn.Conv2d]:
    """Its convolutions in the order in which they run, which is not that of their names."""
    met: list[nn.Conv2d] = []
    layers = [layer for layer in detector.modules() if isinstance(layer, nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(lambda layer, _: met.append(layer)) for layer in layers]
    detector(example)
    for hook in hooks:
        hook.remove()
    return met


def save(module: torch.jit.ScriptModule, path: Path) -> None:
    """Writes the archive without the notes for debuggers: source lines, and the paths they have on this computer."""
    whole = io.BytesIO()
    torch.jit.save(module, whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for record in source.infolist():
            if not record.filename.endswith(".debug_pkl"):
                target.writestr(zipfile.ZipInfo(record.filename), source.read(record))


def main() -> None:
    """Command line."""
    args = arguments(__doc__, "archive to write, such as card_elements.pt")
    pixels = side(args.model)
    images = random_picture(pixels)
    example = torch.from_numpy(images)
    with torch.no_grad():
        detector = detector_with(convolutions(args.model), example)
        named = Named(Deployed(detector), pixels).eval().to(memory_format=torch.channels_last)
        save(torch.jit.freeze(torch.jit.trace(named, example, strict=False)), args.out)
        answer = torch.jit.load(args.out)(example)
    compare(args.model, images, answer["boxes"].numpy(), answer["scores"].numpy())
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
