"""A picture being drawn together with the labels of what was drawn on it."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import NamedTuple

from PIL import Image, ImageDraw

from fonts import Font
from labels import Labels
from theme import Colour, Theme

Box = tuple[float, float, float, float]
Row = tuple[tuple[float, ...], int, int]


class Place(NamedTuple):
    """Where an element goes: its top left corner and the width it may take, in pixels."""

    x: float
    y: float
    width: float


class Canvas:
    """RGB image of fixed width and ample height, drawn top to bottom, cut to height at the end."""

    def __init__(self, width: int, height: int, ground: Colour, theme: Theme) -> None:
        self.image = Image.new("RGB", (max(1, width), max(1, height)), ground)
        self.draw = ImageDraw.Draw(self.image)
        self.ground = ground
        self.theme = theme
        self.rows: list[Row] = []

    def label(self, box: Box, number: int, mask: int = 0) -> None:
        """Record an object of class `number` (or `IGNORED`) in `box` (pixels, x1 y1 x2 y2)."""
        self.rows.append((tuple(float(v) for v in box), number, mask))

    def child(self, width: int, ground: Colour) -> Canvas:
        """An empty canvas of its own ground, to be drawn on and pasted back with `paste`."""
        return Canvas(width, self.image.height, ground, self.theme)

    def paste(self, other: Canvas, x: int, y: int, height: int, radius: int = 0) -> None:
        """Paste the top `height` pixels of `other` with its labels; round the corners."""
        part = other.image.crop((0, 0, other.image.width, max(1, height)))
        mask = None
        if radius > 0:
            mask = Image.new("L", part.size, 0)
            edge = (0, 0, part.width - 1, part.height - 1)
            ImageDraw.Draw(mask).rounded_rectangle(edge, radius, fill=255)
        self.image.paste(part, (x, y), mask)
        for box, number, bits in other.rows:
            moved = (box[0] + x, box[1] + y, box[2] + x, box[3] + y)
            self.rows.append((moved, number, bits))

    def rectangle(
        self,
        box: Box,
        fill: Colour | None = None,
        outline: Colour | None = None,
        radius: float = 0,
        width: float = 1,
    ) -> None:
        """A rectangle with rounded corners (layout units for `radius` and line `width`)."""
        x1, y1, x2, y2 = (round(v) for v in box)
        if x2 - x1 < 2 or y2 - y1 < 2:
            return
        theme = self.theme
        corner = max(0, min(theme.px(radius), (x2 - x1) // 2 - 1, (y2 - y1) // 2 - 1))
        stroke = max(1, theme.px(width))
        if theme.rough and outline is not None:
            if fill is not None:
                self.draw.rectangle((x1, y1, x2, y2), fill)
            self._sketch((x1, y1, x2, y2), outline, stroke)
            return
        self.draw.rounded_rectangle((x1, y1, x2, y2), corner, fill, outline, stroke)

    def _sketch(self, box: Box, colour: Colour, stroke: int) -> None:
        """A rectangle as if drawn by hand: every side a slightly bent line."""
        x1, y1, x2, y2 = box
        rng = random.Random(int(x1 * 31 + y1 * 17))
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
        spread = self.theme.rough * self.theme.scale
        for (ax, ay), (bx, by) in pairwise(corners):
            points = []
            for step in range(5):
                t = step / 4
                bow = math.sin(math.pi * t) * rng.uniform(-spread, spread)
                points.append((ax + (bx - ax) * t + bow, ay + (by - ay) * t + bow))
            self.draw.line(points, fill=colour, width=stroke, joint="curve")

    def text(self, x: float, baseline: float, words: str, font: Font, fill: Colour) -> None:
        """One line of text with its left end at `x` and its baseline at `baseline` (pixels)."""
        self.draw.text((round(x), round(baseline)), words, fill, font, anchor="ls")

    def divider(self, x: float, y: float, width: float, colour: Colour, dashed: bool) -> None:
        """A horizontal rule of `width` pixels."""
        stroke = max(1, self.theme.px(1))
        step = max(4, self.theme.px(8))
        if not dashed:
            self.draw.line((x, y, x + width, y), colour, stroke)
            return
        for start in range(int(x), int(x + width), step):
            self.draw.line((start, y, start + step // 2, y), colour, stroke)

    def finished(self, height: int) -> tuple[Image.Image, Labels]:
        """The top `height` pixels and their labels."""
        image = self.image.crop((0, 0, self.image.width, max(1, height)))
        return image, Labels.of(self.rows)
