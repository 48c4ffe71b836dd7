"""Where each input pixel lies in the upright original: the one fact that maps boxes back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Geometry:
    """Axis-aligned map from original to input coordinates: input = original * scale + offset.

    Coordinates are continuous: pixel i covers [i, i + 1).
    """

    width: int
    """Of the upright original, pixels."""
    height: int
    scale_x: float = 1.0
    scale_y: float = 1.0
    offset_x: float = 0.0
    offset_y: float = 0.0

    def scaled(self, x: float, y: float) -> "Geometry":
        """After the image was resized by the factors `x` and `y`."""
        return Geometry(
            self.width, self.height, self.scale_x * x, self.scale_y * y, self.offset_x * x, self.offset_y * y
        )

    def shifted(self, x: float, y: float) -> "Geometry":
        """After `x` columns and `y` rows were added before the image (or cut off it, where negative)."""
        return Geometry(self.width, self.height, self.scale_x, self.scale_y, self.offset_x + x, self.offset_y + y)
