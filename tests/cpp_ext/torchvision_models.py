"""Frozen TorchScript detectors of torchvision with random weights, and what they must answer.

Run at the root by a Python that has torch and torchvision, never imported by the tests: `python -m
tests.cpp_ext.torchvision_models OUT_DIR [name ...]` writes OUT_DIR/name.pt and OUT_DIR/name.npz for each model. The
archive takes one image [1, 3, H, W] and gives a tuple of tensors; the .npz holds `names` (of the outputs, in order)
and, for case i, `input_i` and `<name>_i`. The answers are the eager model's.
"""

import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from tests.cpp_ext.torchvision_operators import prepare_operators, use_plain_operators

# Not any sizes: at about every second one the scripted detector resizes to a pixel less than the eager one, having
# worked out the scale in float32.
SIZES = [(320, 320), (240, 360), (384, 288)]
CLASSES = 5
KEPT = 30  # detections of an image: enough to disagree about, few enough to be quick
HAVE_OPERATORS = prepare_operators()

import torchvision.models.detection as zoo  # noqa: E402
from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: E402
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone  # noqa: E402
from torchvision.ops.feature_pyramid_network import LastLevelP6P7  # noqa: E402


def pyramid(levels: list[int], extra: nn.Module | None = None) -> nn.Module:
    return resnet_fpn_backbone(
        backbone_name="resnet18",
        weights=None,
        norm_layer=nn.BatchNorm2d,
        trainable_layers=5,
        returned_layers=levels,
        extra_blocks=extra,
    )


SMALL = {"min_size": 192, "max_size": 256}
REGIONS = {
    **SMALL,
    "rpn_pre_nms_top_n_test": 200,
    "rpn_post_nms_top_n_test": 40,
    "box_score_thresh": 0.05,
    "box_detections_per_img": KEPT,
}
DENSE = {**SMALL, "score_thresh": 0.05, "detections_per_img": KEPT}


def box_head(classes: int) -> dict[str, nn.Module]:
    return {
        "box_head": zoo.faster_rcnn.TwoMLPHead(256 * 7 * 7, 128),
        "box_predictor": zoo.faster_rcnn.FastRCNNPredictor(128, classes),
    }


def faster_rcnn_mobilenet() -> nn.Module:
    return zoo.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None,
        weights_backbone=None,
        num_classes=CLASSES,
        rpn_post_nms_top_n_test=40,
        box_score_thresh=0.05,
        box_detections_per_img=KEPT,
    )


def faster_rcnn() -> nn.Module:
    return zoo.FasterRCNN(pyramid([1, 2, 3, 4]), **box_head(CLASSES), **REGIONS)


def mask_rcnn() -> nn.Module:
    return zoo.MaskRCNN(
        pyramid([1, 2, 3, 4]),
        mask_head=zoo.mask_rcnn.MaskRCNNHeads(256, (64, 64), 1),
        mask_predictor=zoo.mask_rcnn.MaskRCNNPredictor(64, 64, CLASSES),
        **box_head(CLASSES),
        **REGIONS,
    )


def keypoint_rcnn() -> nn.Module:
    return zoo.KeypointRCNN(
        pyramid([1, 2, 3, 4]),
        keypoint_head=zoo.keypoint_rcnn.KeypointRCNNHeads(256, (64, 64)),
        keypoint_predictor=zoo.keypoint_rcnn.KeypointRCNNPredictor(64, 6),
        **box_head(2),
        **REGIONS,
    )


def retinanet() -> nn.Module:
    return zoo.RetinaNet(pyramid([2, 3, 4], LastLevelP6P7(256, 256)), CLASSES, topk_candidates=100, **DENSE)


def fcos() -> nn.Module:
    sizes = tuple((size,) for size in (8, 16, 32, 64, 128))
    anchors = AnchorGenerator(sizes, ((1.0,),) * len(sizes))
    backbone = pyramid([2, 3, 4], LastLevelP6P7(256, 256))
    return zoo.FCOS(backbone, CLASSES, anchor_generator=anchors, topk_candidates=100, **DENSE)


def ssd() -> nn.Module:
    return zoo.ssd300_vgg16(
        weights=None, weights_backbone=None, num_classes=CLASSES, score_thresh=0.05, detections_per_img=KEPT
    )


def ssdlite() -> nn.Module:
    return zoo.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=CLASSES, score_thresh=0.05, detections_per_img=KEPT
    )


class Wrapper(nn.Module):  # type: ignore[misc]
    """What is packed: an image in, tensors out. A scripted detector gives losses beside its detections."""

    names: ClassVar[tuple[str, ...]] = ("boxes", "scores", "labels")

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


class Boxes(Wrapper):
    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        found = self.model([image[0]])[1][0]
        return found["boxes"], found["scores"], found["labels"]


class Masks(Wrapper):
    names = (*Wrapper.names, "masks")

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        found = self.model([image[0]])[1][0]
        return found["boxes"], found["scores"], found["labels"], found["masks"]


class Keypoints(Wrapper):
    names = (*Wrapper.names, "keypoints", "keypoints_scores")

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        found = self.model([image[0]])[1][0]
        return found["boxes"], found["scores"], found["labels"], found["keypoints"], found["keypoints_scores"]


MODELS: dict[str, tuple[Callable[[], nn.Module], type[Wrapper]]] = {
    "faster_rcnn_mobilenet": (faster_rcnn_mobilenet, Boxes),
    "faster_rcnn": (faster_rcnn, Boxes),
    "mask_rcnn": (mask_rcnn, Masks),
    "keypoint_rcnn": (keypoint_rcnn, Keypoints),
    "retinanet": (retinanet, Boxes),
    "fcos": (fcos, Boxes),
    "ssd": (ssd, Boxes),
    "ssdlite": (ssdlite, Boxes),
}


def photograph(size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Coarse random patches under fine noise: something to see at every scale."""
    coarse = nn.functional.interpolate(torch.rand(1, 3, 9, 9, generator=generator), size=size, mode="bilinear")
    return (coarse + 0.2 * torch.rand(1, 3, *size, generator=generator)).clamp(0, 1)


def last_layers(model: nn.Module) -> dict[nn.Module, float]:
    """The layers that give the answers, and how far those should stray from their mean."""
    of_ssd = r"_head\.module_list\.\d(\.1)?"
    scores = rf"(cls_score|cls_logits|bbox_ctrness|mask_fcn_logits|kps_score_lowres|classification{of_ssd})$"
    places = rf"(bbox_pred|bbox_reg|regression{of_ssd})$"
    layers = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            for pattern, target in ((scores, 1.0), (places, 0.5)):
                if re.search(pattern, name):
                    layers[layer] = target
    return layers


def settle(model: nn.Module, generator: torch.Generator) -> None:
    """Give random weights what trained ones have: normal activations, and decided scores instead of equal ones."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.train()
        norm.momentum = None  # the average of what it sees from here on
        norm.reset_running_stats()
    seen: dict[nn.Module, list[Tensor]] = {}
    hooks = []
    for layer in last_layers(model):
        seen[layer] = []
        hooks.append(layer.register_forward_hook(lambda layer, _inputs, output: seen[layer].append(output)))
    model([photograph((256, 256), generator)[0] for _ in range(2)])
    for handle in hooks:
        handle.remove()
    for norm in norms:
        norm.eval()
        norm.running_var.add_(norm.running_var.mean())  # of two pixels, a channel's own may be next to nothing
    for layer, target in last_layers(model).items():
        mean = torch.cat([output.transpose(0, 1).flatten(1) for output in seen[layer]], 1).mean(1)
        layer.bias.sub_(mean)
        scale = target / max(output.std() for output in seen[layer])
        layer.weight.mul_(scale)
        layer.bias.mul_(scale)


def write(name: str, folder: Path) -> None:
    generator = torch.Generator().manual_seed(20)
    torch.manual_seed(7)
    build, wrapper = MODELS[name]
    model = build().eval()
    settle(model, generator)
    arrays: dict[str, np.ndarray] = {"names": np.array(wrapper.names)}
    for i, size in enumerate(SIZES):
        image = photograph(size, generator)
        found = model([image[0]])[0]
        arrays[f"input_{i}"] = image.numpy()
        arrays.update({f"{key}_{i}": found[key].numpy() for key in wrapper.names})
        print(name, size, {key: tuple(found[key].shape) for key in wrapper.names})
    np.savez(folder / f"{name}.npz", allow_pickle=False, **arrays)
    torch.jit.freeze(torch.jit.script(wrapper(model).eval())).save(str(folder / f"{name}.pt"))


def main() -> None:
    folder, names = Path(sys.argv[1]), sys.argv[2:] or list(MODELS)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(2)
    if not HAVE_OPERATORS:
        use_plain_operators()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated, and says so at every call
        for name in names:
            write(name, folder)


if __name__ == "__main__":
    main()
