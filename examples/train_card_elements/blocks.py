"""Blocks of text and pictures: the elements of a card that hold no control."""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

import words
from canvas import Box, Canvas, Place
from fonts import Font
from icons import draw_icon, star
from labels import BUTTON, CHECKBOX, IGNORED, IMAGE, RADIO, TEXTBOX, bits
from pictures import picture, vivid
from theme import Colour, mix

ABOVE, BELOW, BESIDE = 0.99, 0.36, 0.18
"""How far a text box reaches over the first baseline, under the last and to the sides, in em.

Measured on hand-labelled cards, whose boxes are roomier than the ink."""


def wrap(text: str, font: Font, width: float, most: int) -> list[str]:
    """`text` in lines of at most `width` pixels, at most `most` of them, then an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] += "\u2026"
    while font.getlength(lines[-1]) > width and len(lines[-1]) > 3:
        lines[-1] = lines[-1].rstrip("\u2026")[:-1] + "\u2026"
    return lines


@dataclass(frozen=True)
class TextStyle:
    """How a text block is set.

    size: layout units per em; colour: None for the theme's; weight: regular, bold or italic;
    align: left, center or right; most: largest number of lines; leading: line distance in em.
    """

    size: float
    colour: Colour | None = None
    weight: str = "regular"
    align: str = "left"
    most: int = 6
    leading: float = 1.3


def text_block(canvas: Canvas, place: Place, text: str, style: TextStyle) -> float:
    """Draw wrapped, labelled text; return the height taken, in pixels."""
    x, y, width = place
    em = canvas.theme.px(style.size)
    font = canvas.theme.family.font(em, style.weight)
    lines = wrap(text, font, width, style.most)
    pitch = em * style.leading
    base = y + em * 1.02
    left, right = x + width, x
    for index, line in enumerate(lines):
        long = font.getlength(line)
        shift = {"left": 0.0, "center": 0.5, "right": 1.0}[style.align] * (width - long)
        ink = style.colour or canvas.theme.text
        canvas.text(x + shift, base + pitch * index, line, font, ink)
        left, right = min(left, x + shift), max(right, x + shift + long)
    last = base + pitch * (len(lines) - 1)
    label_text(canvas, (left, base, right, last), em)
    return pitch * len(lines) + em * 0.1


def label_text(canvas: Canvas, extent: Box, em: float) -> None:
    """Label a text block; extent: left end, first baseline, right end, last baseline (pixels)."""
    left, first, right, last = extent
    box = (left - BESIDE * em, first - ABOVE * em, right + BESIDE * em, last + BELOW * em)
    canvas.label(box, TEXTBOX)


def fact(canvas: Canvas, place: Place, gap: float, rng: random.Random) -> float:
    """A row of a fact set: bold name and value, one text box for both.

    The value begins `gap` pixels from the left, or right after the name if `gap` is 0."""
    x, y, width = place
    theme = canvas.theme
    em = theme.px(theme.body)
    name, value = words.label(rng), words.phrase(rng)
    bold, plain = theme.family.font(em, "bold"), theme.family.font(em)
    base = y + em * 1.02
    name = wrap(name + rng.choice((":", ":", "")), bold, (gap or width * 0.6) - em * 0.4, 1)[0]
    gap = gap or bold.getlength(name) + em * 0.3
    value = wrap(value, plain, max(em, width - gap), 1)[0]
    canvas.text(x, base, name, bold, theme.text)
    canvas.text(x + gap, base, value, plain, theme.text)
    right = x + gap + plain.getlength(value)
    label_text(canvas, (x, base, right, base), em)
    return em * 1.4


def image_block(canvas: Canvas, place: Place, height: float, rng: random.Random, cut: bool) -> None:
    """A labelled picture, `height` pixels high, `cut` to an ellipse or not."""
    x, y, width = place
    art = picture(rng, round(width), round(height))
    mask = None
    if cut:
        mask = Image.new("L", (art.width * 2, art.height * 2), 0)
        ImageDraw.Draw(mask).ellipse((0, 0, mask.width - 1, mask.height - 1), fill=255)
        mask = mask.resize(art.size, Image.Resampling.BILINEAR)
    canvas.image.paste(art, (round(x), round(y)), mask)
    canvas.label((x, y, x + art.width, y + art.height), IMAGE)


def icon(canvas: Canvas, x: float, y: float, side: float, rng: random.Random) -> None:
    """An icon; large ones count as pictures, small ones are left open."""
    theme = canvas.theme
    colour = rng.choice((theme.text, theme.subtle, theme.accent, vivid(rng)))
    draw_icon(canvas.draw, rng, x, y, side, colour)
    box = (x, y, x + side, y + side)
    if side >= theme.px(30):
        canvas.label(box, IMAGE)
    else:
        canvas.label(box, IGNORED, bits(IMAGE))


def badge(canvas: Canvas, right: float, y: float, rng: random.Random) -> None:
    """A pill with a word or number, right-aligned at `right`; neither text nor button."""
    theme = canvas.theme
    size = theme.body * rng.uniform(0.75, 0.95)
    em = theme.px(size)
    word = rng.choice(("NEW", "PENDING", "OPEN", str(rng.randint(0, 99)), "Late", "High"))
    font = theme.family.font(em, rng.choice(("regular", "bold")))
    long = font.getlength(word)
    fill = mix(vivid(rng), theme.card, 0.2)
    box = (right - long - em * 1.2, y, right, y + em * 1.6)
    canvas.rectangle(box, fill, None, rng.choice((0, 3, 20)))
    ink = (255, 255, 255) if sum(fill) < 420 else (20, 20, 20)
    canvas.text(box[0] + em * 0.6, y + em * 1.15, word, font, ink)
    canvas.label(box, IGNORED, bits(IMAGE, BUTTON, TEXTBOX))


def rating(canvas: Canvas, x: float, y: float, rng: random.Random) -> float:
    """A row of stars; return the height taken, in pixels."""
    side = canvas.theme.px(rng.uniform(14, 26))
    full = rng.randint(1, 5)
    for k in range(5):
        colour = (250, 180, 30) if k < full else canvas.theme.line
        canvas.draw.polygon(star(x + k * side * 1.2, y, side), colour)
    canvas.label((x, y, x + 6 * side, y + side), IGNORED, bits(IMAGE, RADIO, CHECKBOX))
    return side * 1.2


def progress(canvas: Canvas, x: float, y: float, width: float, rng: random.Random) -> float:
    """A progress bar (a distractor without a label); return the height taken, in pixels."""
    tall = canvas.theme.px(rng.uniform(4, 10))
    canvas.rectangle((x, y, x + width, y + tall), canvas.theme.grey, None, 20)
    share = rng.uniform(0.1, 0.95)
    canvas.rectangle((x, y, x + width * share, y + tall), canvas.theme.accent, None, 20)
    return tall * 1.5
