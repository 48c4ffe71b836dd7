"""Small line icons, drawn with Pillow: plane, pin, weather, arrows, menu dots and the like."""

from __future__ import annotations

import math
import random

from PIL import ImageDraw

from theme import Colour

Point = tuple[float, float]

PLANE: tuple[Point, ...] = (
    (0.0, 0.5), (0.12, 0.44), (0.42, 0.44), (0.3, 0.08), (0.4, 0.08), (0.66, 0.43), (0.9, 0.43),
    (1.0, 0.5), (0.9, 0.57), (0.66, 0.57), (0.4, 0.92), (0.3, 0.92), (0.42, 0.56), (0.12, 0.56),
    (0.02, 0.7),
)  # fmt: skip


def star(x: float, y: float, side: float) -> list[Point]:
    """Ten corners of a five-pointed star in a square of `side` pixels at (x, y)."""
    points = []
    for k in range(10):
        reach = side / 2 * (1.0 if k % 2 == 0 else 0.42)
        angle = -math.pi / 2 + k * math.pi / 5
        points.append((x + side / 2 + reach * math.cos(angle), y + side / 2 + reach * math.sin(angle)))
    return points


def _sun(draw: ImageDraw.ImageDraw, x: float, y: float, side: float, stroke: int) -> None:
    """A yellow disc with eight rays, centred at (x, y)."""
    yellow, disc = (245, 190, 40), side * 0.2
    draw.ellipse((x - disc, y - disc, x + disc, y + disc), yellow)
    for k in range(8):
        across, down = math.cos(k * math.pi / 4) * side, math.sin(k * math.pi / 4) * side
        near = (x + 0.3 * across, y + 0.3 * down)
        draw.line([near, (x + 0.47 * across, y + 0.47 * down)], yellow, stroke)


def draw_icon(
    draw: ImageDraw.ImageDraw,
    rng: random.Random,
    x: float,
    y: float,
    side: float,
    colour: Colour,
) -> None:
    """A random icon in the square of `side` pixels whose top left corner is (x, y)."""
    stroke = max(1, round(side / 11))
    kind = rng.randrange(8)

    def at(*points: Point) -> list[Point]:
        return [(x + px * side, y + py * side) for px, py in points]

    if kind == 0:
        draw.polygon(at(*PLANE), colour)
    elif kind == 1:
        draw.ellipse((*at((0.2, 0.05))[0], *at((0.8, 0.65))[0]), None, colour, stroke)
        draw.line(at((0.25, 0.5), (0.5, 0.98), (0.75, 0.5)), colour, stroke)
    elif kind == 2:
        _sun(draw, x + side / 2, y + side / 2, side, stroke)
    elif kind == 3:
        for cx, cy, r in ((0.3, 0.6, 0.2), (0.52, 0.45, 0.26), (0.74, 0.6, 0.2)):
            draw.ellipse((*at((cx - r, cy - r))[0], *at((cx + r, cy + r))[0]), colour)
    elif kind == 4:
        draw.line(at((0.1, 0.5), (0.9, 0.5)), colour, stroke)
        draw.line(at((0.6, 0.2), (0.9, 0.5), (0.6, 0.8)), colour, stroke)
    elif kind == 5:
        for cy in (0.15, 0.45, 0.75):
            draw.ellipse((*at((0.42, cy))[0], *at((0.58, cy + 0.16))[0]), colour)
    elif kind == 6:
        draw.rectangle((*at((0.1, 0.25))[0], *at((0.75, 0.9))[0]), None, colour, stroke)
        draw.line(at((0.45, 0.55), (0.95, 0.05), (0.65, 0.05)), colour, stroke)
        draw.line(at((0.95, 0.05), (0.95, 0.35)), colour, stroke)
    else:
        draw.polygon(star(x, y, side), colour)
