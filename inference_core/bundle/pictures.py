"""Vocabulary of the steps that make pictures of output tensors."""

from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle.heads import OutputStep
from inference_core.bundle.schema import ShapeOf


class Luma(OutputStep):
    """Reads the luma of an enlarged picture, and adds the colours.

    The output has `factor` pixels each way for one of the input. A value is brought to levels as v / white * 255,
    clipped to 0..255 and rounded half to even. What preprocessing has put around the picture is cut off. Cb and Cr are
    those of the picture as it was when its luma went into the model, enlarged by Pillow's bicubic; the three become RGB
    as Pillow does it. Source: Dong et al., "Image Super-Resolution Using Deep Convolutional Networks",
    arXiv:1501.00092, section 4.2.
    """

    op: Literal["luma"] = "luma"
    layout: Literal["CHW", "HWC"] = "CHW"
    """Axes of the output after the batch axis; C is 1."""
    factor: Annotated[int, Field(ge=1, le=64)]
    white: Annotated[float, Field(gt=0, le=2**31)] = 1.0
    """The value of white: 1, or 255 where the model gives levels."""

    def class_count(self, shape_of: ShapeOf) -> int | None:
        """See `Step.class_count`."""
        return 1
