"""The skeleton of a pose: which keypoints a line joins in drawings. It changes no result."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from inference_core.bundle.heads import HeatMaps
from inference_core.bundle.postprocess import PostprocessStep
from inference_core.bundle.tensors import TensorSpec

Keypoint = Annotated[int, Field(ge=0, le=2**31)]


def _check_pair(pair: tuple[int, int]) -> tuple[int, int]:
    if pair[0] == pair[1]:
        raise ValueError("a line joins two keypoints, not one with itself")
    return pair


Bone = Annotated[tuple[Keypoint, Keypoint], AfterValidator(_check_pair)]
"""Two keypoints by their places in the model's output."""

Skeleton = Annotated[tuple[Bone, ...], Field(min_length=1)]


def check_skeleton(skeleton: Skeleton, step: PostprocessStep, output_of: Callable[[str | None], TensorSpec]) -> None:
    """Raises ValueError when a bone names a keypoint that the output which `step` reads lacks, as far as its shape
    tells."""
    if not isinstance(step, HeatMaps):
        return
    output, last = output_of(step.output), max(map(max, skeleton))
    count = output.shape[1 if step.layout == "CHW" else 3] if len(output.shape) == 4 else None
    if isinstance(count, int) and last >= count:
        raise ValueError(f"skeleton names keypoint {last}, output {output.name!r} has {count}, counted from 0")
