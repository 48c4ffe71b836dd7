"""Vocabulary of preprocessing: from encoded bytes to input tensors, as data.

Steps run in order on one upright 8-bit image; between steps it is always uint8, so that every implementation can be
bit-equal. `decode` comes first, `tensor` last. Each geometric step is axis-aligned, so boxes can be mapped back.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from inference_core.bundle.schema import Step, TensorUse

Resample = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]
PixelCenters = Literal["half", "legacy"]
Anchor = Literal["center", "top-left"]
Rounding = Literal["floor", "half_up", "half_even"]
Length = Annotated[int, Field(ge=1, le=16384)]
Level = Annotated[int, Field(ge=0, le=255)]


def _triple_tag(value: object) -> str | None:
    return {1: "gray", 3: "colour"}.get(len(value)) if isinstance(value, list | tuple) else None


# The discriminator makes a wrong value one problem, not one for each type of the choice.
Triple = Annotated[
    Annotated[tuple[float], Tag("gray")] | Annotated[tuple[float, float, float], Tag("colour")],
    Discriminator(
        _triple_tag, custom_error_type="triple", custom_error_message="one number for gray, three for colour"
    ),
]


class Decode(Step):
    """Decodes JPEG, PNG, WebP or BMP to 8 bits per channel.

    Conversions: 16-bit samples, colour keys included, are shifted right by 8; alpha is composited over white;
    palettes are expanded; CMYK goes to RGB as (255 - c)(255 - k) / 255 (Pillow's rule); of an animation the first
    frame is used; GRAY is ITU-R 601 luma, rounded to the nearest level. Run-length compressed BMP is not read.
    """

    op: Literal["decode"] = "decode"
    color: Literal["RGB", "BGR", "GRAY", "Y"] = "RGB"
    """Channel order that the model was trained with. With Y the picture stays in colour until the tensor is made of the
    luma of its YCbCr (ITU-R 601 in full range, as of JPEG and Pillow), so that the step `luma` can add the colours."""
    exif: bool = True
    """Whether the EXIF orientation is applied, so that results refer to the upright image."""
    mode: Literal["exact", "scaled"] = "exact"
    """`scaled` lets a JPEG be decoded 2, 4 or 8 times smaller, which is much quicker and changes the pixels a little.

    The factor is the largest with which the upright picture, divided by it (rounded down), still has at least the size
    that the next step resizes it to, both ways; 1 where the next step does not resize. So what follows never enlarges
    what was made smaller here. Other formats are decoded as in `exact`.
    """


class _Resampling(Step):
    """How pixels are resampled. Three families can be said:

    * Pillow (and torchvision on PIL images): antialias true, pixel_centers half, any algorithm but nearest;
      nearest with antialias false and half centres is Pillow's too.
    * OpenCV INTER_LINEAR, TensorFlow 2 bilinear: bilinear, antialias false, half.
    * TensorFlow 1 (align_corners false): bilinear or nearest, antialias false, legacy. OpenCV INTER_NEAREST
      is nearest, legacy.
    """

    resample: Resample = "bilinear"
    antialias: bool = True
    pixel_centers: PixelCenters = "half"
    """`half` samples at (i + 0.5) * scale - 0.5, `legacy` at i * scale."""

    @model_validator(mode="after")
    def _check_family(self) -> "_Resampling":
        if self.antialias and (self.resample == "nearest" or self.pixel_centers == "legacy"):
            raise ValueError("nearest and legacy pixel centres exist only with antialias false")
        if not self.antialias and self.resample not in ("nearest", "bilinear"):
            raise ValueError(f"{self.resample} exists only with antialias true")
        return self


class Resize(_Resampling):
    """Resizes to exactly width x height pixels, whatever the aspect ratio."""

    op: Literal["resize"] = "resize"
    width: Length
    height: Length


class ResizeShort(_Resampling):
    """Resizes so that the shorter side has `length` pixels; the other keeps the aspect ratio."""

    op: Literal["resize_short"] = "resize_short"
    length: Length
    limit: Length | None = None
    """Upper bound of the longer side; where it binds, the shorter side becomes smaller than `length`."""
    rounding: Rounding = "floor"


class Letterbox(_Resampling):
    """Resizes to fit inside width x height with the aspect ratio kept, and pads the rest."""

    op: Literal["letterbox"] = "letterbox"
    width: Length
    height: Length
    anchor: Anchor = "center"
    """Where the picture lies on the canvas; centred leftovers are halved, rounded down."""
    fill: Level = 114
    upscale: bool = True
    """Whether an image smaller than the canvas is enlarged."""
    rounding: Rounding = "floor"
    """How the sides of the resized picture are rounded; never below 1."""


class Pad(Step):
    """Pads both sides up to the next multiple."""

    op: Literal["pad"] = "pad"
    multiple: Length
    anchor: Anchor = "top-left"
    fill: Level = 0


class Crop(Step):
    """Cuts width x height pixels out; where the image is smaller, the missing border is filled."""

    op: Literal["crop"] = "crop"
    width: Length
    height: Length
    anchor: Anchor = "center"
    rounding: Rounding = "half_even"
    """Of the centred offset (size - crop) / 2; torchvision rounds half to even."""
    fill: Level = 0


class ToTensor(Step):
    """Writes the image into an input tensor with a batch axis of 1.

    A float value is float32((v * scale - mean[c]) / std[c]), evaluated in float64 once for each of the 256 levels and
    each channel. Channels, and so `mean` and `std`, are in the order of `decode.color`.
    """

    op: Literal["tensor"] = "tensor"
    input: str | None = None
    """Name of the artifact input; may be left out when there is only one."""
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    dtype: Literal["float32", "float16", "uint8"] = "float32"
    scale: float = 1.0
    mean: Triple | None = None
    std: Triple | None = None

    def tensors(self) -> tuple[TensorUse, ...]:
        """See `Step.tensors`."""
        return (TensorUse("input", self.input),)

    @model_validator(mode="after")
    def _check_arithmetic(self) -> "ToTensor":
        if self.dtype == "uint8" and (self.scale != 1.0 or self.mean is not None or self.std is not None):
            raise ValueError("a uint8 tensor takes the levels as they are: no scale, mean or std")
        if self.std is not None and any(s <= 0 for s in self.std):
            raise ValueError("every std must be above 0")
        if self.mean and self.std and len(self.mean) != len(self.std):
            raise ValueError("mean and std must have the same number of channels")
        return self


PreprocessStep = Annotated[Decode | Resize | ResizeShort | Letterbox | Pad | Crop | ToTensor, Field(discriminator="op")]


def check_preprocess(steps: tuple[PreprocessStep, ...]) -> None:
    """Raises ValueError unless `decode` opens the chain, `tensor` closes it, and neither appears elsewhere."""
    kinds = [step.op for step in steps]
    if kinds[:1] != ["decode"] or kinds[-1:] != ["tensor"]:
        raise ValueError(f"preprocess must begin with decode and end with tensor, it is {kinds}")
    if kinds.count("decode") > 1 or kinds.count("tensor") > 1:
        raise ValueError("preprocess must have one decode and one tensor step")
    decode, tensor = ends_of(steps)
    channels = 1 if decode.color in ("GRAY", "Y") else 3
    for name, values in (("mean", tensor.mean), ("std", tensor.std)):
        if values is not None and len(values) != channels:
            raise ValueError(f"{decode.color} has {channels} channels, {name} has {len(values)} values")


def ends_of(steps: Sequence[PreprocessStep]) -> tuple[Decode, ToTensor]:
    """The `decode` that opens a valid chain and the `tensor` that closes it."""
    first, last = steps[0], steps[-1]
    if not isinstance(first, Decode) or not isinstance(last, ToTensor):
        raise TypeError("a preprocessing chain begins with decode and ends with tensor")
    return first, last
