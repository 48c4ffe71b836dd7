"""Run by a Python with torch and torchvision: saves models with random weights as TorchScript and ONNX twins.

Usage: python torch_models.py FOLDER [NAME ...]
"""

import sys
import warnings
from pathlib import Path

import torch

warnings.simplefilter("ignore")  # torch.jit and the exporter tell of their successors

# torchvision's Python part wants these, which its CPU build would bring.
library = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


def lively(model: torch.nn.Module, images: torch.Tensor) -> torch.nn.Module:
    """The model with statistics of real activations, without which random weights answer nearly zero to everything."""
    model.train()
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # the mean over all batches seen
    for _ in range(2):
        model(images)
    return model.eval()


def main(folder: Path, names: list[str]) -> None:
    """Writes NAME.pt and NAME.onnx for each architecture of torchvision."""
    import torchvision

    torch.manual_seed(0)
    for name in names:
        with torch.inference_mode():
            model = lively(torchvision.models.get_model(name, weights=None), torch.randn(8, 3, 224, 224))
        image = torch.randn(1, 3, 224, 224)
        with torch.no_grad():
            torch.jit.trace(model, image).save(str(folder / f"{name}.pt"))
            torch.onnx.export(
                model, (image,), str(folder / f"{name}.onnx"), dynamo=False, opset_version=17,
                input_names=["x"], output_names=["logits"],
            )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or ["mobilenet_v2"])
