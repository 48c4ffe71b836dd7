"""Weights for torchvision's detectors. Imported only by processes that hold Python torch."""

import torch
from torch import nn

from inference_core.packing.torch.torchvision_operators import provide_operators

_APART = 3
"""Times the weights of the class scores, which are all alike at first."""


def write(name: str, path: str) -> None:
    """A state_dict of random weights, the same each time, with which the detector finds things: what the layers pass on
    is scaled as training would, or nothing would be left of a picture, and class scores are far apart."""
    provide_operators()
    from torchvision.models import get_model

    torch.manual_seed(0)
    model = get_model(name, weights=None, weights_backbone=None)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None
    with torch.no_grad():
        model.backbone(torch.randn(4, 3, 320, 320))
    model.roi_heads.box_predictor.cls_score.weight.data *= _APART
    torch.save(model.state_dict(), path)
