"""Where each pixel of a tensor lies in the picture it was made from."""

from typing import NamedTuple


class Geometry(NamedTuple):
    """Map from the upright original to the tensor: tensor = original * scale + offset."""

    width: int
    """Of the upright original, pixels."""
    height: int
    scale_x: float
    scale_y: float
    offset_x: float
    offset_y: float
