"""Random cards: a seed in, a picture of a card with its labels out."""

from __future__ import annotations

import dataclasses
import io
import random

from PIL import Image, ImageFilter

import sections as s
import words
from blocks import TextStyle, badge, image_block, text_block
from canvas import Canvas, Place
from labels import Labels
from sections import Section
from theme import Theme, random_theme

LONGEST = 1100
"""Longest side of a generated picture in pixels; larger ones are scaled down to it."""

DIET: tuple[tuple[Section, float], ...] = (
    (s.title, 1.6), (s.paragraph, 1.5), (s.lines, 1.5), (s.facts, 1.0), (s.author, 1.0),
    (s.image, 1.0), (s.gallery, 0.7), (s.choices, 1.8), (s.question, 2.0), (s.dropdown, 1.0),
    (s.entry, 0.8), (s.actions, 1.7), (s.toggle, 0.8), (s.extra, 0.7),
)  # fmt: skip


def _stack(c: Canvas, at: Place, rng: random.Random, count: int, depth: int) -> float:
    """`count` random sections under one another; return their height in pixels."""
    y = at.y
    diet = [section for section, _ in DIET]
    weights = [weight for _, weight in DIET]
    gap = c.theme.px(c.theme.spacing)
    for _ in range(count):
        roll = rng.random()
        if depth == 0 and roll < 0.16:
            y += _columns(c, at._replace(y=y), rng)
        elif depth == 0 and roll < 0.19:
            y += _table(c, at._replace(y=y), rng)
        elif depth < 2 and roll < 0.24:
            y += _container(c, at._replace(y=y), rng, depth)
        else:
            y += rng.choices(diet, weights)[0](c, at._replace(y=y), rng)
        y += gap
        if rng.random() < 0.15:
            c.divider(at.x, y, at.width, c.theme.line, rng.random() < 0.15)
            y += gap
    return y - at.y


def _columns(c: Canvas, at: Place, rng: random.Random) -> float:
    """Two to five columns of equal or unequal width."""
    x, y, width = at
    gap = c.theme.px(rng.uniform(8, 20))
    n = max(1, min(rng.choice((2, 2, 2, 3, 3, 4, 5)), int(width / c.theme.px(95))))
    shares = [rng.choice((1.0, 1.0, 1.6, 2.2)) for _ in range(n)]
    if rng.random() < 0.5:
        shares = [1.0] * n
    similar = rng.random() < 0.4
    kind = rng.choice((s.lines, s.lines, s.image, s.author, s.choices, s.dropdown))
    height, left = 0.0, x
    for share in shares:
        wide = (width - gap * (n - 1)) * share / sum(shares)
        if similar:
            used = kind(c, Place(left, y, wide), rng)
        else:
            used = _stack(c, Place(left, y, wide), rng, rng.randint(1, 3), 2)
        height = max(height, used)
        left += wide + gap
        if rng.random() < 0.2:
            c.draw.line((left - gap / 2, y, left - gap / 2, y + used), c.theme.line, 1)
    return height


def _table(c: Canvas, at: Place, rng: random.Random) -> float:
    """Rows and columns of short texts, with or without rules."""
    x, y, width = at
    rows, columns = rng.randint(2, 7), rng.randint(2, 4)
    step, size = width / columns, c.theme.body * rng.choice((0.8, 0.9, 1))
    rules, last = rng.random() < 0.5, rng.choice(("left", "right", "center"))
    gap = c.theme.px(rng.choice((1, 4, 8, 14)))
    for row in range(rows):
        weight = "bold" if row == 0 and rules else "regular"
        used = 0.0
        for column in range(columns):
            text = words.phrase(rng) if column == 0 else rng.choice((words.number(rng),) * 3 + ("-",))
            place = Place(x + column * step, y, step - c.theme.px(8))
            if row and column == columns - 1 and rng.random() < 0.05:
                badge(c, place.x + place.width, y, rng)
                continue
            style = TextStyle(size, None, weight, "left" if column == 0 else last, 1)
            high = text_block(c, place, text, style)
            used = max(used, high)
        y += used + gap
        if rules:
            c.divider(x, y - gap * 0.5, width, c.theme.line, False)
    return y - at.y


def _container(c: Canvas, at: Place, rng: random.Random, depth: int) -> float:
    """A tinted or outlined box around further sections."""
    x, y, width = at
    pad = c.theme.px(rng.uniform(6, 16))
    if width < pad * 5:
        return 0.0
    inner = c.child(round(width), s.tinted(rng, c.ground))
    used = _stack(inner, Place(pad, pad, width - 2 * pad), rng, rng.randint(1, 3), depth + 1)
    radius = c.theme.px(rng.choice((0, 0, 4, 10)))
    height = round(used + pad * 1.5)
    c.paste(inner, round(x), round(y), height, radius)
    if rng.random() < 0.3:
        c.rectangle((x, y, x + width, y + height), None, c.theme.line)
    return float(height)


def _body(rng: random.Random, theme: Theme) -> tuple[Image.Image, Labels]:
    """The card, without later damage."""
    width = theme.px(rng.choice((200, 270, 340, 400, 480, 540, 540, 600)))
    margin, pad = theme.px(rng.choice((0, 0, 6, 14, 24))), theme.px(rng.uniform(8, 26))
    page = Canvas(width, theme.px(2600), theme.page, theme)
    card = page.child(width - 2 * margin, theme.card)
    y = float(pad)
    if rng.random() < 0.12:
        high = theme.px(rng.uniform(60, 200))
        image_block(card, Place(0, 0, card.image.width), high, rng, False)
        y += high
    count = rng.choice((1, 2, 3, 4, 5, 5, 6, 7, 9))
    room = card.image.width - 2 * pad
    y += _stack(card, Place(pad, y, room), rng, count, 0) + pad * rng.uniform(0.2, 1)
    height = round(min(y, card.image.height - 2 * margin))
    page.paste(card, margin, margin, height, theme.px(theme.radius) if margin else 0)
    if margin and rng.random() < 0.6:
        box = (margin, margin, width - margin, margin + height)
        page.rectangle(box, None, theme.line, theme.radius)
    return page.finished(height + 2 * margin)


def _shrunk(image: Image.Image, labels: Labels, ratio: float) -> tuple[Image.Image, Labels]:
    """Image and labels scaled by `ratio`."""
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    scaled = image.resize(size, Image.Resampling.BILINEAR)
    return scaled, dataclasses.replace(labels, boxes=labels.boxes * ratio)


def random_card(seed: int) -> tuple[Image.Image, Labels]:
    """The card of `seed`: an RGB picture, longest side at most `LONGEST`, and its labels."""
    rng = random.Random(seed)
    scale = rng.choice((0.7, 0.85, 1, 1, 1, 1.25, 1.5, 2))
    # Browsers smooth the edges of circles and rounded corners; Pillow does not, so that some
    # cards are drawn at twice their size.
    smooth = 2 if rng.random() < 0.4 else 1
    image, labels = _body(rng, random_theme(rng, scale * smooth))
    ratio = min(1 / smooth, LONGEST / max(image.size))
    if ratio < 1:
        image, labels = _shrunk(image, labels, ratio)
    if rng.random() < 0.12:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    if rng.random() < 0.3:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(35, 92))
        image = Image.open(buffer).convert("RGB")
    return image, labels
