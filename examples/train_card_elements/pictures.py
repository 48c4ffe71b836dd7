"""Drawn stand-ins for the pictures of cards: scenes, portraits, charts, maps, logos, noise."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from theme import Colour, mix

Painter = Callable[[random.Random, int, int], Image.Image]


def vivid(rng: random.Random) -> Colour:
    """A random colour."""
    return (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255))


def gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    """Vertical gradient from `top` to `bottom`."""
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    rows = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    full = np.broadcast_to(rows, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(full))


def clouds(rng: random.Random, width: int, height: int) -> Image.Image:
    """Sum of coloured noise at several scales: blurred, photograph-like texture."""
    noise = np.random.default_rng(rng.getrandbits(32))
    base = np.zeros((height, width, 3), np.float32)
    for cells in (2, 5, 13, 40):
        grid = noise.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        base += np.asarray(layer, np.float32) / cells**0.6
    base -= base.min()
    base *= 255 / max(1.0, float(base.max()))
    tint = np.array(vivid(rng), np.float32)
    mixed = base * 0.7 + tint * 0.3
    return Image.fromarray(mixed.astype(np.uint8))


def scene(rng: random.Random, width: int, height: int) -> Image.Image:
    """Landscape: sky, sun, rows of hills and some houses."""
    sky = mix(vivid(rng), (120, 180, 240), 0.6)
    image = gradient(width, height, sky, mix(sky, (255, 240, 220), 0.7))
    draw = ImageDraw.Draw(image)
    sun = rng.uniform(0.05, 0.15) * height
    x, y = rng.uniform(0, width), rng.uniform(0, height * 0.5)
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), (255, 244, 200))
    for layer in range(rng.randint(2, 4)):
        level = height * (0.4 + 0.18 * layer)
        land = mix(vivid(rng), (40, 90, 50), 0.6)
        points = [(width * i / 6, level + rng.uniform(-0.1, 0.1) * height) for i in range(7)]
        draw.polygon([(0, height), *points, (width, height)], land)
    for _ in range(rng.randint(0, 5)):
        x, side = rng.uniform(0, width), rng.uniform(0.06, 0.2) * width
        draw.rectangle((x, height - side * 1.6, x + side, height), vivid(rng))
    return image.filter(ImageFilter.GaussianBlur(rng.choice((0, 0.6, 1.2))))


def still_life(rng: random.Random, width: int, height: int) -> Image.Image:
    """Blurred and sharp shapes on a mottled ground, with grain: passes for a photograph."""
    image = clouds(rng, width, height)
    tones = [vivid(rng) for _ in range(3)]
    for layer in range(rng.randint(4, 12)):
        draw = ImageDraw.Draw(image)
        x, y = rng.uniform(-0.2, 0.9) * width, rng.uniform(-0.2, 0.9) * height
        wide, high = rng.uniform(0.1, 0.6) * width, rng.uniform(0.1, 0.6) * height
        fill = mix(rng.choice(tones), vivid(rng), 0.3)
        if rng.random() < 0.6:
            draw.ellipse((x, y, x + wide, y + high), fill)
        else:
            corners = [(x + rng.random() * wide, y + rng.random() * high) for _ in range(4)]
            draw.polygon(corners, fill)
        if layer % 3 == 0:
            image = image.filter(ImageFilter.GaussianBlur(min(width, height) * 0.02))
    noise = np.random.default_rng(rng.getrandbits(32))
    grain = noise.normal(0, rng.uniform(2, 14), (height, width, 1))
    pixels = (np.asarray(image, np.float32) + grain).clip(0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def portrait(rng: random.Random, width: int, height: int) -> Image.Image:
    """Head and shoulders before a plain or mottled ground."""
    plain = rng.random() < 0.5
    ground = gradient(width, height, vivid(rng), vivid(rng))
    image = ground if plain else clouds(rng, width, height)
    draw = ImageDraw.Draw(image)
    skin = mix((250, 215, 185), (90, 55, 35), rng.random())
    cx, cy, head = width * rng.uniform(0.42, 0.58), height * 0.42, height * rng.uniform(0.2, 0.28)
    draw.ellipse((cx - head * 1.9, cy + head, cx + head * 1.9, cy + head * 5), vivid(rng))
    hair = mix((20, 15, 10), vivid(rng), 0.3)
    draw.ellipse((cx - head, cy - head * 1.35, cx + head, cy + head * 0.7), hair)
    draw.ellipse((cx - head * 0.78, cy - head * 0.85, cx + head * 0.78, cy + head * 1.1), skin)
    for side in (-0.32, 0.32):
        ex, eye = cx + side * head, max(1.0, head * 0.09)
        draw.ellipse((ex - eye, cy - eye, ex + eye, cy + eye), (30, 25, 25))
    draw.arc((cx - head * 0.3, cy + head * 0.2, cx + head * 0.3, cy + head * 0.7), 20, 160, hair)
    return image


def chart(rng: random.Random, width: int, height: int) -> Image.Image:
    """Bars, a line or a pie on a pale ground."""
    ground = mix((255, 255, 255), vivid(rng), 0.08)
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    kind = rng.randrange(3)
    n = rng.randint(4, 10)
    if kind == 0:
        fill = vivid(rng)
        for i in range(n):
            top = height * rng.uniform(0.1, 0.8)
            draw.rectangle((width * (i + 0.2) / n, top, width * (i + 0.8) / n, height), fill)
    elif kind == 1:
        points = [(width * i / n, height * rng.uniform(0.1, 0.9)) for i in range(n + 1)]
        draw.line(points, vivid(rng), max(1, width // 80))
    else:
        radius, start = min(width, height) * 0.45, 0.0
        box = (width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius)
        while start < 360:
            end = start + rng.uniform(25, 120)
            draw.pieslice(box, start, min(end, 360), vivid(rng))
            start = end
    return image


def town_map(rng: random.Random, width: int, height: int) -> Image.Image:
    """Street map: blocks, roads, a river and a marker."""
    image = Image.new("RGB", (width, height), (240, 236, 228))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.randint(2, 5)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        patch = rng.choice(((200, 225, 190), (190, 215, 240), (225, 220, 210)))
        draw.ellipse((x, y, x + width * rng.uniform(0.1, 0.5), y + height * 0.4), patch)
    for _ in range(rng.randint(5, 12)):
        ends = [(rng.uniform(-9, width + 9), rng.uniform(-9, height + 9)) for _ in range(3)]
        road = rng.choice(((255, 255, 255), (250, 220, 140), (200, 160, 210)))
        draw.line(ends, road, max(1, round(width * rng.uniform(0.006, 0.03))))
    x, y, pin = width / 2, height / 2, max(2, height // 14)
    draw.ellipse((x - pin, y - pin, x + pin, y + pin), (210, 40, 60))
    return image


def logo(rng: random.Random, width: int, height: int) -> Image.Image:
    """A tile of one colour with a simple sign on it."""
    ground = vivid(rng)
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    light: Colour = (255, 255, 255) if sum(ground) < 450 else (30, 30, 40)
    points = rng.randint(3, 7)
    spots = [(width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8)) for _ in range(points)]
    kind = rng.randrange(3)
    if kind == 0:
        draw.polygon(spots, light)
    elif kind == 1:
        draw.line([*spots, spots[0]], light, max(1, width // 14))
    else:
        draw.ellipse((width * 0.25, height * 0.25, width * 0.75, height * 0.75), light)
        draw.polygon(spots, mix(ground, light, 0.4))
    return image


def placeholder(rng: random.Random, width: int, height: int) -> Image.Image:
    """A grey box with the usual sign for a missing picture."""
    level = rng.randint(190, 235)
    image = Image.new("RGB", (width, height), (level, level, level))
    draw = ImageDraw.Draw(image)
    line = (level - 70,) * 3
    stroke = max(1, min(width, height) // 40)
    if rng.random() < 0.5:
        draw.line((0, 0, width, height), line, stroke)
        draw.line((0, height, width, 0), line, stroke)
        draw.rectangle((0, 0, width - 1, height - 1), None, line, stroke)
    else:
        x, y, side = width / 2, height / 2, min(width, height) * 0.3
        draw.polygon([(x - side, y + side), (x, y - side * 0.4), (x + side, y + side)], line)
        draw.ellipse((x + side * 0.3, y - side, x + side * 0.8, y - side * 0.5), line)
    return image


PAINTERS: tuple[Painter, ...] = (
    scene, scene, clouds, still_life, still_life, still_life, portrait, portrait, chart, town_map,
    logo, logo, placeholder,
)  # fmt: skip


def picture(rng: random.Random, width: int, height: int) -> Image.Image:
    """A picture of a random kind, `width` by `height` pixels."""
    return rng.choice(PAINTERS)(rng, max(4, width), max(4, height))
