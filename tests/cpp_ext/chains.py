"""Arbitrary preprocessing chains and pictures, for property tests."""

from hypothesis import strategies as st

from inference_core.bundle.preprocess import (
    Anchor,
    Crop,
    Decode,
    Letterbox,
    Pad,
    PreprocessStep,
    Resize,
    ResizeShort,
    Rounding,
    ToTensor,
)

_FAMILIES = [
    *({"resample": name, "antialias": True} for name in ("box", "bilinear", "bicubic", "lanczos")),
    *({"resample": "nearest", "antialias": False, "pixel_centers": centers} for centers in ("half", "legacy")),
    *({"resample": "bilinear", "antialias": False, "pixel_centers": centers} for centers in ("half", "legacy")),
]
_LENGTH = st.integers(1, 80) | st.sampled_from([1, 224, 300])
_RESAMPLING = st.sampled_from(_FAMILIES)
_ROUNDING: st.SearchStrategy[Rounding] = st.sampled_from(["floor", "half_up", "half_even"])
_ANCHOR: st.SearchStrategy[Anchor] = st.sampled_from(["center", "top-left"])
_LEVEL = st.integers(0, 255)


@st.composite
def _resize(draw: st.DrawFn) -> PreprocessStep:
    return Resize.model_validate({"width": draw(_LENGTH), "height": draw(_LENGTH)} | draw(_RESAMPLING))


@st.composite
def _resize_short(draw: st.DrawFn) -> PreprocessStep:
    sizes = {"length": draw(_LENGTH), "limit": draw(st.none() | st.integers(1, 200)), "rounding": draw(_ROUNDING)}
    return ResizeShort.model_validate(sizes | draw(_RESAMPLING))


@st.composite
def _letterbox(draw: st.DrawFn) -> PreprocessStep:
    box = {"width": draw(_LENGTH), "height": draw(_LENGTH), "anchor": draw(_ANCHOR), "fill": draw(_LEVEL)}
    habits = {"upscale": draw(st.booleans()), "rounding": draw(_ROUNDING)}
    return Letterbox.model_validate(box | habits | draw(_RESAMPLING))


@st.composite
def _pad(draw: st.DrawFn) -> PreprocessStep:
    return Pad(multiple=draw(st.sampled_from([1, 2, 7, 32])), anchor=draw(_ANCHOR), fill=draw(_LEVEL))


@st.composite
def _crop(draw: st.DrawFn) -> PreprocessStep:
    return Crop(
        width=draw(_LENGTH), height=draw(_LENGTH), anchor=draw(_ANCHOR), rounding=draw(_ROUNDING), fill=draw(_LEVEL)
    )


@st.composite
def _tensor(draw: st.DrawFn, channels: int) -> PreprocessStep:
    step: dict[str, object] = {"layout": draw(st.sampled_from(["NCHW", "NHWC"]))}
    dtype = draw(st.sampled_from(["float32", "float16", "uint8"]))
    if dtype != "uint8":
        count = draw(st.sampled_from([1, channels]))
        # Nothing that a 16-bit float could not hold.
        values = st.lists(st.floats(0.1, 300), min_size=count, max_size=count).map(tuple)
        step["scale"] = draw(st.sampled_from([1.0, 1 / 255, 2 / 255]) | st.floats(0.001, 10))
        if channels == count:
            step["mean"], step["std"] = draw(st.none() | values), draw(st.none() | values)
    return ToTensor.model_validate(step | {"dtype": dtype})


@st.composite
def chains(draw: st.DrawFn) -> list[PreprocessStep]:
    """A valid chain of up to five steps."""
    color = draw(st.sampled_from(["RGB", "BGR", "GRAY"]))
    mode = draw(st.sampled_from(["exact", "scaled"]))
    decode = Decode.model_validate({"color": color, "exif": draw(st.booleans()), "mode": mode})
    steps = _resize() | _resize_short() | _letterbox() | _pad() | _crop()
    middle = draw(st.lists(steps, max_size=3))
    return [decode, *middle, draw(_tensor(1 if color == "GRAY" else 3))]
