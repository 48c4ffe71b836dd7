"""Pixels in: decoding and preprocessing as the manifest says. The Python here is what faster paths must equal."""

from inference_core.imaging.decode import DEFAULT_MAX_PIXELS, decode_image
from inference_core.imaging.geometry import Geometry
from inference_core.imaging.native import imaging_paths
from inference_core.imaging.preprocess import Prepared, Preprocessor
from inference_core.imaging.sample import sample_picture

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Geometry",
    "Prepared",
    "Preprocessor",
    "decode_image",
    "imaging_paths",
    "sample_picture",
]
