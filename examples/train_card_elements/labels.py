"""Class names of the detector and the labels of one card image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLASSES = ("textbox", "radiobutton", "checkbox", "image", "button", "dropdown")
TEXTBOX, RADIO, CHECKBOX, IMAGE, BUTTON, DROPDOWN = range(len(CLASSES))
IGNORED = -1
"""Class of a region that holds no object to find, only a mask (see `Labels.masks`)."""
ALL_BITS = (1 << len(CLASSES)) - 1

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
ByteArray = NDArray[np.uint8]


def bits(*classes: int) -> int:
    """Bit set of class numbers: bit `c` is set for each given class `c`."""
    value = 0
    for number in classes:
        value |= 1 << number
    return value


@dataclass(frozen=True)
class Labels:
    """Labels of one image.

    boxes: float32 [n, 4], x1 y1 x2 y2 in pixels of the image.
    classes: int64 [n], a class number or `IGNORED`.
    masks: int64 [n], bit set of the classes for which no background loss is counted inside
        the box (and for which a detection there is neither right nor wrong).
    known: bit set of the classes that are labelled at all in this image.
    """

    boxes: FloatArray
    classes: IntArray
    masks: IntArray
    known: int = ALL_BITS

    @staticmethod
    def of(rows: list[tuple[tuple[float, ...], int, int]], known: int = ALL_BITS) -> Labels:
        """Labels from rows of ((x1, y1, x2, y2), class, mask)."""
        boxes = np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, 4)
        classes = np.array([row[1] for row in rows], dtype=np.int64)
        masks = np.array([row[2] for row in rows], dtype=np.int64)
        return Labels(boxes, classes, masks, known)
