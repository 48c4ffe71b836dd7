"""torchvision's models, and its detectors in a form that engines take.

Only imported by processes that hold Python torch, once torchvision's operators are there.
"""

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial

import torchvision
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.ops import boxes

from inference_core.errors import PackError

_DETECTORS = (
    detection.generalized_rcnn.GeneralizedRCNN,
    detection.RetinaNet,
    detection.FCOS,
    detection.ssd.SSD,
)


def find_builder(name: str) -> Callable[..., nn.Module]:
    """What builds the model `name`, not downloading the weights of its backbone.

    Raises:
        PackError: torchvision has no such model.
    """
    names = torchvision.models.list_models()
    if name not in names:
        close = ", ".join(get_close_matches(name, names)) or None
        raise PackError(
            f"torchvision {torchvision.__version__} has no model {name}",
            expected=close,
            remedy="see torchvision.models.list_models() for all names",
        )
    builder: Callable[..., nn.Module] = torchvision.models.get_model_builder(name)
    backbone = "weights_backbone" in inspect.signature(builder).parameters
    return partial(builder, weights_backbone=None) if backbone else builder


def is_detector(model: nn.Module) -> bool:
    """Whether it takes a list of images and gives a list of dicts."""
    return isinstance(model, _DETECTORS)


class Detector(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """One image [1, 3, H, W] in, its K detections out: boxes [1, K, 4], labels [1, K], scores [1, K] and whatever else
    the model gives. Masks stay [1, K, 1, h, w], each spanning its box, instead of being pasted into the picture.

    Suppression by class moves the boxes of each class to a place of their own, as torchvision does for few boxes and
    while it is traced; for many it would go through the classes, and now and then decide a near tie otherwise.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        detection.transform.paste_masks_in_image = _as_given
        boxes._batched_nms_vanilla = boxes._batched_nms_coordinate_trick
        self.model = model

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """See the class."""
        return {name: value[None] for name, value in self.model([images[0]])[0].items()}


def _as_given(masks: Tensor, _boxes: Tensor, _size: tuple[int, int]) -> Tensor:
    return masks
