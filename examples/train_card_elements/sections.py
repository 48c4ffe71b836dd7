"""Sections of a random card: each draws at a place and returns the height it took, in pixels."""

from __future__ import annotations

import random
from collections.abc import Callable

import blocks
import widgets
import words
from blocks import TextStyle
from canvas import Canvas, Place
from labels import IGNORED, IMAGE, bits
from pictures import vivid
from theme import Colour, mix

Section = Callable[[Canvas, Place, random.Random], float]


def title(c: Canvas, at: Place, rng: random.Random) -> float:
    """A heading, at times with an icon, badge or menu sign at the right."""
    size = c.theme.body * rng.choice((1.1, 1.25, 1.5, 1.5, 1.8, 2.2, 2.8))
    colour = rng.choice((None, None, None, c.theme.accent))
    align = rng.choice(("left", "left", "left", "center"))
    reserved = 0.0
    if align == "left" and rng.random() < 0.25:
        side = c.theme.px(rng.uniform(14, 24))
        reserved = side * 2.0
        if rng.random() < 0.5:
            blocks.icon(c, at.x + at.width - side, at.y + side * 0.1, side, rng)
        else:
            reserved = c.theme.px(90)
            blocks.badge(c, at.x + at.width, at.y, rng)
    style = TextStyle(size, colour, rng.choice(("bold", "bold", "regular")), align, 3, 1.25)
    room = max(at.width - reserved, size * 2)
    return blocks.text_block(c, at._replace(width=room), words.heading(rng), style)


def paragraph(c: Canvas, at: Place, rng: random.Random) -> float:
    """One to eight lines of running text."""
    size = c.theme.body * rng.choice((0.8, 0.9, 1, 1, 1, 1.15))
    colour = c.theme.subtle if rng.random() < 0.3 else None
    text = words.sentence(rng, rng.choice((3, 6, 10, 18, 30, 45)))
    weight = rng.choice(("regular",) * 8 + ("bold", "italic"))
    most = rng.choice((2, 3, 4, 6, 8))
    style = TextStyle(size, colour, weight, "left", most, rng.uniform(1.2, 1.45))
    return blocks.text_block(c, at, text, style)


def lines(c: Canvas, at: Place, rng: random.Random) -> float:
    """Separate short texts right under one another."""
    y = at.y
    align = rng.choice(("left", "left", "left", "center", "right"))
    for _ in range(rng.randint(1, 4)):
        size = c.theme.body * rng.choice((0.8, 0.9, 1, 1, 1.3, 2.0))
        colour = rng.choice((None, None, c.theme.subtle, c.theme.accent, c.theme.bad))
        style = TextStyle(size, colour, rng.choice(("regular", "regular", "bold")), align, 2)
        y += blocks.text_block(c, at._replace(y=y), words.phrase(rng), style)
        y += c.theme.px(rng.choice((0, 1, 4)))
    return y - at.y


def facts(c: Canvas, at: Place, rng: random.Random) -> float:
    """A fact set: rows of a bold name and a value, in columns or in running text."""
    y, gap = at.y, min(at.width * 0.45, c.theme.px(c.theme.body * rng.uniform(6, 9)))
    if rng.random() < 0.3:
        gap = 0.0
    spacing = c.theme.px(rng.uniform(0, 6))
    for _ in range(rng.randint(2, 6)):
        y += blocks.fact(c, at._replace(y=y), gap, rng) + spacing
    return y - at.y


def author(c: Canvas, at: Place, rng: random.Random) -> float:
    """A small picture with one or two texts beside it."""
    side = c.theme.px(rng.uniform(28, 64))
    blocks.image_block(c, at._replace(width=side), side, rng, rng.random() < 0.6)
    left = at.x + side + c.theme.px(rng.uniform(8, 16))
    room = Place(left, at.y, max(c.theme.px(40), at.x + at.width - left))
    style = TextStyle(c.theme.body, None, "bold", "left", 1)
    used = blocks.text_block(c, room, words.phrase(rng), style)
    if side > used * 1.4:
        style = TextStyle(c.theme.body * 0.9, c.theme.subtle, most=1)
        used += blocks.text_block(c, room._replace(y=at.y + used), words.phrase(rng), style)
    return max(float(side), used)


def image(c: Canvas, at: Place, rng: random.Random) -> float:
    """One picture: over the full width, or smaller and left, centred or right."""
    wide = at.width if rng.random() < 0.45 else at.width * rng.uniform(0.15, 0.7)
    high = min(wide * rng.uniform(0.3, 1.1), c.theme.px(320))
    offset = (at.width - wide) * rng.choice((0, 0, 0.5, 1))
    cut = wide < at.width * 0.5 and rng.random() < 0.3
    high = wide if cut else high
    blocks.image_block(c, Place(at.x + offset, at.y, wide), high, rng, cut)
    return high


def gallery(c: Canvas, at: Place, rng: random.Random) -> float:
    """A row of equal pictures, at times with a caption under each."""
    n = rng.randint(2, 5)
    gap = c.theme.px(rng.uniform(4, 14))
    side = min((at.width - gap * (n - 1)) / n, c.theme.px(rng.uniform(40, 140)))
    high = side * rng.choice((0.66, 0.75, 1, 1))
    cut, caption = high == side and rng.random() < 0.4, rng.random() < 0.35
    style = TextStyle(c.theme.body * 0.85, None, "regular", "center", 2)
    extra = 0.0
    for k in range(n):
        place = Place(at.x + k * (side + gap), at.y, side)
        blocks.image_block(c, place, high, rng, cut)
        if caption:
            below = place._replace(y=at.y + high)
            extra = max(extra, blocks.text_block(c, below, words.phrase(rng), style))
    return high + extra


def choices(c: Canvas, at: Place, rng: random.Random) -> float:
    """A list of radio buttons or checkboxes, in one or more columns."""
    if rng.random() < 0.12:
        return choice_row(c, at, rng)
    radio = rng.random() < 0.5
    size = c.theme.body * rng.choice((0.85, 1, 1, 1, 1.2, 1.5))
    n = rng.choice((1, 2, 3, 3, 4, 5, 6, 9))
    columns = rng.choice((1, 1, 1, 2, 3)) if n > 2 else 1
    columns = max(1, min(columns, int(at.width / c.theme.px(size * 8))))
    step = at.width / columns
    ticked = {rng.randrange(n)} if radio else {k for k in range(n) if rng.random() < 0.4}
    gap = c.theme.px(rng.choice((0, 2, 5, 10)))
    y, level = at.y, 0.0
    for k in range(n):
        text = words.choice(rng) if rng.random() < 0.97 else ""
        place = Place(at.x + (k % columns) * step, y, step - c.theme.px(6))
        level = max(level, widgets.choice(c, place, text, k in ticked, radio, size)[1])
        if (k + 1) % columns == 0 or k == n - 1:
            y, level = y + level + gap, 0.0
    return y - gap - at.y


def choice_row(c: Canvas, at: Place, rng: random.Random) -> float:
    """Radio buttons or checkboxes side by side, as close as their texts allow."""
    radio, size = rng.random() < 0.5, c.theme.body
    left, high, on = at.x, 0.0, rng.randrange(4)
    for k in range(rng.randint(2, 5)):
        room = at.x + at.width - left
        if k and room < c.theme.px(size * 7):
            break
        place = Place(left, at.y, room)
        wide, used = widgets.choice(c, place, words.choice(rng), k == on, radio, size)
        left, high = left + wide + c.theme.px(size), max(high, used)
    return high


def question(c: Canvas, at: Place, rng: random.Random) -> float:
    """A labelled control: text above a list of choices, a dropdown or a field."""
    style = TextStyle(c.theme.body, None, rng.choice(("regular", "regular", "bold")), most=2)
    used = blocks.text_block(c, at, words.label(rng), style) + c.theme.px(rng.uniform(1, 6))
    inner = rng.choice((choices, choices, dropdown, dropdown, entry))
    return used + inner(c, at._replace(y=at.y + used), rng)


def dropdown(c: Canvas, at: Place, rng: random.Random) -> float:
    """A dropdown, full or part of the width."""
    wide = max(at.width * rng.choice((1, 1, 0.5, 0.7)), min(at.width, c.theme.px(90)))
    text = rng.choice((words.choice(rng), words.choice(rng), "Select an option", "Choose", ""))
    tall, pale = rng.uniform(24, 44), rng.random() < 0.4
    return widgets.dropdown(c, at._replace(width=wide), text, tall, pale)


def entry(c: Canvas, at: Place, rng: random.Random) -> float:
    """One to three text fields under one another, empty or filled."""
    y = at.y
    tall = rng.choice((26, 30, 34, 40, 44))
    for _ in range(rng.randint(1, 3)):
        text = rng.choice((rng.choice(words.FIELDS), words.date(rng), words.phrase(rng), ""))
        area = tall * (2.4 if rng.random() < 0.12 else 1)
        y += widgets.field(c, at._replace(y=y), text, area, rng.random() < 0.7)
        y += c.theme.px(rng.choice((4, 8)))
    return y - at.y


def actions(c: Canvas, at: Place, rng: random.Random) -> float:
    """Buttons in a row or under one another."""
    theme, style = c.theme, widgets.random_button_style(rng)
    tall, gap = rng.uniform(26, 46), theme.px(rng.uniform(4, 12))
    n, stacked, equal = rng.randint(1, 4), rng.random() < 0.3, rng.random() < 0.4
    font = theme.family.font(theme.px(theme.body))
    x, y = at.x, at.y
    for k in range(n):
        word = rng.choice(words.ACTIONS)
        wide = at.width if stacked else (at.width - gap * (n - 1)) / n
        if not stacked and not equal:
            wide = min(font.getlength(word) + theme.px(rng.uniform(16, 48)), at.width)
        if wide < theme.px(36) or x + wide > at.x + at.width + 1:
            break
        colour = rng.choice((None, None, theme.bad, theme.good)) if k else None
        chosen = style if k == 0 or rng.random() < 0.6 else widgets.random_button_style(rng)
        look = widgets.ButtonLook(chosen, tall, colour)
        high = widgets.button(c, Place(x, y, wide), word, look)
        x, y = (x, y + high + gap) if stacked else (x + wide + gap, y)
    return y - at.y + (0 if stacked else theme.px(tall))


def toggle(c: Canvas, at: Place, rng: random.Random) -> float:
    """One checkbox with a sentence, or a switch with a text."""
    if rng.random() < 0.75:
        text, ticked = words.choice(rng), rng.random() < 0.5
        if len(text) < 12 and rng.random() < 0.25:
            return widgets.choice_at_end(c, at.x, at.y, text, ticked)
        return widgets.choice(c, at, text, ticked, False, c.theme.body)[1]
    high = widgets.switch(c, at.x, at.y, rng.random() < 0.5)
    indent = c.theme.px(46)
    room = Place(at.x + indent, at.y, max(c.theme.px(40), at.width - indent))
    return max(high, blocks.text_block(c, room, words.phrase(rng), TextStyle(c.theme.body, most=1)))


def extra(c: Canvas, at: Place, rng: random.Random) -> float:
    """A distractor: stars, a progress bar, a badge, icons or an empty box."""
    theme, kind = c.theme, rng.randrange(5)
    x, y, width = at
    if kind == 0:
        return blocks.rating(c, x, y, rng)
    if kind == 1:
        return blocks.progress(c, x, y, width, rng)
    if kind == 2:
        blocks.badge(c, x + theme.px(90), y, rng)
        return theme.px(theme.body * 1.7)
    side = theme.px(rng.uniform(14, 48))
    if kind == 3:
        for k in range(max(1, min(rng.randint(1, 5), int(width / (side * 1.6))))):
            blocks.icon(c, x + k * side * 1.6, y, side, rng)
        return side
    c.rectangle((x, y, x + width, y + side), None, theme.line, 0)
    c.label((x, y, x + width, y + side), IGNORED, bits(IMAGE))
    return side


def tinted(rng: random.Random, ground: Colour) -> Colour:
    """A container colour near `ground`."""
    return mix(ground, vivid(rng), rng.choice((0.05, 0.1, 0.15)))
