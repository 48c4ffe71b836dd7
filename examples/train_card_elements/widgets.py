"""Controls of a card: radio buttons, checkboxes, buttons, dropdowns and text fields.

As in the hand-labelled cards of pic2card, the box of a radio button or checkbox covers the
control and the text beside it, and that text is not a text box of its own. The box of a button
or dropdown is its outline; the text inside a text field or dropdown is a text box.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from blocks import ABOVE, BELOW, BESIDE, label_text, wrap
from canvas import Canvas, Place
from labels import BUTTON, CHECKBOX, DROPDOWN, IGNORED, RADIO, TEXTBOX, bits
from theme import Colour, luminance, mix


def _dot(canvas: Canvas, x: float, y: float, side: float, ticked: bool) -> None:
    """The circle of a radio button in the theme's style."""
    theme = canvas.theme
    style, draw = theme.radio, canvas.draw
    box = (x, y, x + side, y + side)
    inset = side * (0.3, 0.25, 0.3, 0.22, 0.32)[style]
    core = (x + inset, y + inset, x + side - inset, y + side - inset)
    line = mix(theme.card, theme.text, (0.5, 0.75, 0.9, 0.35, 0.5)[style])
    stroke = max(1, theme.px((1, 1.3, 2, 1, 1)[style]))
    ground = mix(theme.card, theme.text, 0.1) if style == 4 else theme.card
    mark = (theme.accent, theme.text, theme.accent, theme.text, theme.subtle)[style]
    if style == 3 and ticked:
        draw.ellipse(box, theme.accent)
        draw.ellipse(core, (255, 255, 255))
        return
    draw.ellipse(box, ground, mark if ticked and style in (0, 2) else line, stroke)
    if ticked:
        draw.ellipse(core, mark)


def _tick(canvas: Canvas, x: float, y: float, side: float, ticked: bool) -> None:
    """The square of a checkbox in the theme's style."""
    theme = canvas.theme
    style = theme.check
    line = mix(theme.card, theme.text, (0.5, 0.75, 0.9, 0.3, 0.5, 0.85)[style])
    filled = ticked and style in (0, 2, 4)
    fill = theme.accent if filled else theme.card
    if style in (3, 5) and not filled:
        fill = mix(theme.card, theme.text, 0.08)
    radius = (2, 0, 3, 3, 0, 1)[style]
    box = (x, y, x + side, y + side)
    edge, width = theme.accent if filled else line, (1, 1, 1.6, 1, 2, 1)[style]
    canvas.rectangle(box, fill, edge, radius, width)
    if not ticked:
        return
    ink: Colour = (255, 255, 255) if filled and luminance(fill) < 190 else theme.text
    stroke = max(1, round(side * 0.13))
    if style == 1:
        low, high = side * 0.2, side * 0.8
        canvas.draw.line((x + low, y + low, x + high, y + high), ink, stroke)
        canvas.draw.line((x + low, y + high, x + high, y + low), ink, stroke)
        return
    points = [(0.2, 0.52), (0.42, 0.74), (0.82, 0.26)]
    canvas.draw.line([(x + a * side, y + b * side) for a, b in points], ink, stroke, "curve")


def choice(canvas: Canvas, place: Place, text: str, ticked: bool, radio: bool, size: float) -> tuple[float, float]:
    """A radio button or checkbox with its text of `size` layout units.

    Returns the (width, height) taken, in pixels."""
    x, y, width = place
    theme = canvas.theme
    em = theme.px(size)
    font = theme.family.font(em)
    side = round(em * (1.0 + 0.05 * ((theme.radio + theme.check) % 5)))
    gap = em * (0.45 + 0.15 * (theme.drop % 4))
    base = y + em * 1.1
    (_dot if radio else _tick)(canvas, round(x), round(base - em * 0.36 - side / 2), side, ticked)
    lines = wrap(text, font, max(em * 2, width - side - gap), 3) if text else []
    right = x + side
    for index, line in enumerate(lines):
        canvas.text(x + side + gap, base + index * em * 1.3, line, font, theme.text)
        right = max(right, x + side + gap + font.getlength(line))
    last = base + max(0, len(lines) - 1) * em * 1.3
    pad = BESIDE * em
    box = (x - pad, base - ABOVE * em, right + pad, last + BELOW * em)
    canvas.label(box, RADIO if radio else CHECKBOX)
    return right + pad - x, last - y + em * 0.5


def choice_at_end(canvas: Canvas, x: float, y: float, text: str, ticked: bool) -> float:
    """A checkbox to the right of its text; return the height taken, in pixels."""
    theme = canvas.theme
    em = theme.px(theme.body)
    font = theme.family.font(em)
    base, side = y + em * 1.1, round(em * 1.1)
    canvas.text(x, base, text, font, theme.text)
    left = x + font.getlength(text) + em
    _tick(canvas, round(left), round(base - em * 0.36 - side / 2), side, ticked)
    pad = BESIDE * em
    box = (x - pad, base - ABOVE * em, left + side + pad, base + BELOW * em)
    canvas.label(box, CHECKBOX)
    return em * 1.6


@dataclass(frozen=True)
class ButtonLook:
    """style: 0 and 1 are filled with a strong colour, 2 to 4 are outlined, grey and pale;
    tall: height in layout units; colour: strong colour, None for the theme's accent."""

    style: int
    tall: float
    colour: Colour | None = None


def button(canvas: Canvas, place: Place, text: str, look: ButtonLook) -> float:
    """A button over the width of `place`; return its height in pixels.

    Buttons that are not filled count as text boxes in the hand-labelled cards, so whether one is
    also a text box is left open.
    """
    x, y, width = place
    theme, style = canvas.theme, look.style
    strong = look.colour or theme.accent
    fill = (strong, strong, theme.card, theme.grey, mix(theme.card, strong, 0.12))[style]
    edge = (None, mix(strong, (0, 0, 0), 0.3), theme.line, None, strong)[style]
    if style == 2 and theme.radio % 2:
        edge = strong
    high = theme.px(look.tall)
    canvas.rectangle((x, y, x + width, y + high), fill, edge, theme.radius, 1)
    em = min(theme.px(theme.body), round(high * 0.6))
    font = theme.family.font(em, "bold" if theme.check % 2 else "regular")
    word = wrap(text, font, width - em * 0.6, 1)[0]
    ink = strong if style in (2, 4) else theme.text
    if style in (0, 1):
        ink = (255, 255, 255) if luminance(strong) < 170 else (10, 10, 10)
    start = x + (width - font.getlength(word)) / 2
    canvas.text(start, y + high / 2 + em * 0.36, word, font, ink)
    canvas.label((x, y, x + width, y + high), BUTTON, bits(TEXTBOX) if style >= 2 else 0)
    return high


def _chevron(canvas: Canvas, x: float, y: float, side: float, colour: Colour) -> None:
    """The sign at the right end of a dropdown, centred at (x, y)."""
    style, draw = canvas.theme.drop, canvas.draw
    half, low = side / 2, side / 3.4
    if style in (0, 3):
        draw.polygon([(x - half, y - low), (x + half, y - low), (x, y + low)], colour)
    elif style in (1, 4):
        points = [(x - half, y - low), (x, y + low), (x + half, y - low)]
        draw.line(points, colour, max(1, round(side / 6)), "curve")
    else:
        up, down = y - side * 0.12, y + side * 0.12
        draw.polygon([(x - low, up), (x + low, up), (x, up - low)], colour)
        draw.polygon([(x - low, down), (x + low, down), (x, down + low)], colour)


def dropdown(canvas: Canvas, place: Place, text: str, tall: float, pale: bool) -> float:
    """A closed list with its chosen entry; return the height taken, in pixels."""
    x, y, width = place
    theme = canvas.theme
    high = theme.px(tall)
    style = theme.drop
    fill = (theme.field, theme.card, theme.grey, theme.grey, theme.card)[style]
    edge = (theme.line, theme.subtle, None, None, theme.accent)[style]
    canvas.rectangle((x, y, x + width, y + high), fill, edge, theme.radius % 8, 1)
    em = min(theme.px(theme.body), round(high * 0.6))
    font = theme.family.font(em)
    word = wrap(text, font, max(em, width - high * 1.2), 1)[0] if text else ""
    if word:
        _inner_text(canvas, x + high * 0.28, y + high / 2 + em * 0.36, word, em, pale)
    ink = theme.subtle if style % 2 else theme.text
    _chevron(canvas, x + width - high * 0.5, y + high / 2, high * 0.32, ink)
    canvas.label((x, y, x + width, y + high), DROPDOWN)
    return high


def field(canvas: Canvas, place: Place, text: str, tall: float, pale: bool) -> float:
    """A text field; the text in it is a text box. Return the height taken, in pixels."""
    x, y, width = place
    theme = canvas.theme
    high = theme.px(tall)
    edge = (theme.line, theme.subtle, theme.line, theme.accent, theme.line)[theme.push]
    if theme.push == 4:
        canvas.rectangle((x, y, x + width, y + high), theme.grey, None, theme.radius % 8, 1)
        canvas.divider(x, y + high, width, theme.subtle, False)
    else:
        canvas.rectangle((x, y, x + width, y + high), theme.field, edge, theme.radius % 8, 1)
    if not text:
        return high
    em = min(theme.px(theme.body), round(high * 0.6))
    font = theme.family.font(em)
    left = x + em * 0.7
    base = y + min(high / 2 + em * 0.36, em * 1.6)
    word = wrap(text, font, width - em * 1.4, 1)[0]
    _inner_text(canvas, left, base, word, em, pale)
    return high


def _inner_text(canvas: Canvas, x: float, base: float, word: str, em: int, pale: bool) -> None:
    """One labelled line of text inside a field or dropdown."""
    theme = canvas.theme
    font = theme.family.font(em)
    canvas.text(x, base, word, font, theme.subtle if pale else theme.text)
    label_text(canvas, (x, base, x + font.getlength(word), base), em)


def switch(canvas: Canvas, x: float, y: float, on: bool) -> float:
    """A sliding switch; whether it is a checkbox is left open. Return its height in pixels."""
    theme = canvas.theme
    wide, high = theme.px(36), theme.px(20)
    fill = theme.accent if on else theme.subtle
    canvas.rectangle((x, y, x + wide, y + high), fill, None, 20)
    knob = x + wide - high + 2 if on else x + 2
    canvas.draw.ellipse((knob, y + 2, knob + high - 4, y + high - 2), (255, 255, 255))
    canvas.label((x, y, x + wide, y + high), IGNORED, bits(CHECKBOX, RADIO, BUTTON))
    return high


def random_button_style(rng: random.Random) -> int:
    """Filled buttons are the most usual, then outlined, grey and pale ones."""
    return rng.choice((0, 0, 0, 1, 2, 2, 2, 3, 4))
