"""Draw the two sample cards: a flight booking form and a feedback poll."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

import blocks
import pictures
import widgets
from blocks import TextStyle
from canvas import Canvas, Place
from fonts import Family, families
from theme import Colour, Theme, mix
from widgets import ButtonLook

WIDTH = 350
"""Width of a sample card in layout units."""
PREFERRED = ("Open Sans", "Lato", "Roboto", "Noto Sans", "DejaVu Sans", "Segoe UI", "Helvetica")


def sample_family() -> Family:
    """The first of the preferred type families that is installed, else the first of all."""
    known = {family.name: family for family in families()}
    for name in PREFERRED:
        if name in known:
            return known[name]
    return families()[0]


def sample_theme(accent: Colour, page: Colour) -> Theme:
    """A light theme at four times the size of layout units; the cards are halved in the end."""
    white: Colour = (255, 255, 255)
    return Theme(
        page=page, card=white, text=(32, 36, 44), subtle=(104, 110, 122), accent=accent,
        line=(206, 211, 220), field=white, grey=(232, 235, 240), good=(30, 140, 60),
        bad=(196, 48, 56), family=sample_family(), scale=4.0, body=13, spacing=9, radius=4,
        radio=0, check=0, drop=1, push=0, rough=0, dark=False,
    )  # fmt: skip


def sunrise(width: int, height: int) -> Image.Image:
    """Wide picture for the booking card: mountains under a morning sky."""
    rng = random.Random(11)
    image = pictures.gradient(width, height, (58, 110, 178), (255, 214, 170))
    draw = ImageDraw.Draw(image)
    sun, x, y = height * 0.13, width * 0.72, height * 0.55
    draw.ellipse((x - sun, y - sun, x + sun, y + sun), (255, 238, 190))
    shades: tuple[Colour, ...] = ((124, 118, 160), (84, 88, 132), (46, 58, 94))
    for layer, shade in enumerate(shades):
        level = height * (0.66 + 0.13 * layer)
        n = 9 + 3 * layer
        ridge = [(width * i / n, level - rng.uniform(0, 0.22) * height) for i in range(n + 1)]
        draw.polygon([(0, height), *ridge, (width, height)], shade)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def cup(width: int, height: int) -> Image.Image:
    """Square picture for the feedback card: a cup of coffee seen from above."""
    image = pictures.gradient(width, height, (236, 196, 150), (214, 150, 104))
    draw = ImageDraw.Draw(image)
    rings: tuple[tuple[float, Colour], ...] = (
        (0.42, (250, 246, 240)), (0.39, (232, 226, 218)), (0.30, (252, 250, 247)),
        (0.26, (92, 54, 34)), (0.17, (150, 98, 62)), (0.10, (206, 160, 118)),
    )  # fmt: skip
    for share, colour in rings:
        rx, ry = width * share, height * share
        draw.ellipse((width / 2 - rx, height / 2 - ry, width / 2 + rx, height / 2 + ry), colour)
    draw.rounded_rectangle((width * 0.76, height * 0.45, width * 0.93, height * 0.55), 6, (250, 246, 240))
    return image.filter(ImageFilter.GaussianBlur(0.7))


class Pen:
    """A card under construction: a canvas and the height reached, in pixels."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas = Canvas(theme.px(WIDTH), theme.px(900), theme.card, theme)
        self.left, self.width = theme.px(18), theme.px(WIDTH - 36)
        self.y = float(theme.px(16))

    def space(self, units: float) -> None:
        """Leave `units` layout units free."""
        self.y += self.theme.px(units)

    def text(self, words: str, style: TextStyle) -> None:
        """A text block over the full width."""
        self.y += blocks.text_block(self.canvas, self.full(), words, style)

    def full(self) -> Place:
        """The place of the next element over the full width."""
        return Place(self.left, self.y, self.width)

    def half(self, column: int) -> Place:
        """The place of the next element in one of two columns."""
        gap = self.theme.px(14)
        wide = (self.width - gap) / 2
        return Place(self.left + column * (wide + gap), self.y, wide)

    def captions(self, first: str, second: str) -> None:
        """A small text at the head of each of two columns."""
        for column, words in enumerate((first, second)):
            style = TextStyle(12, self.theme.subtle)
            high = blocks.text_block(self.canvas, self.half(column), words, style)
        self.y += high + self.theme.px(2)

    def buttons(self, words: tuple[str, ...], colours: tuple[Colour, ...]) -> None:
        """Filled buttons of equal width in a row."""
        for column, (word, colour) in enumerate(zip(words, colours, strict=True)):
            look = ButtonLook(0, 34, colour)
            high = widgets.button(self.canvas, self.half(column), word, look)
        self.y += high

    def choices(self, entries: tuple[str, ...], ticked: set[int], radio: bool, columns: int) -> None:
        """Radio buttons or checkboxes in `columns` columns, row by row."""
        high = 0.0
        for index, entry in enumerate(entries):
            place = self.half(index % columns) if columns == 2 else self.full()
            high = widgets.choice(self.canvas, place, entry, index in ticked, radio, 13)[1]
            if index % columns == columns - 1:
                self.y += high + self.theme.px(4)

    def finished(self) -> Image.Image:
        """The card on its page, with a thin border."""
        margin, theme = self.theme.px(12), self.theme
        height = round(self.y + theme.px(18))
        page = Canvas(self.canvas.image.width + 2 * margin, height + 2 * margin, theme.page, theme)
        page.paste(self.canvas, margin, margin, height, theme.px(8))
        edge = (margin, margin, page.image.width - margin - 1, height + margin - 1)
        page.rectangle(edge, None, mix(theme.page, theme.text, 0.15), 8)
        half = (page.image.width // 2, page.image.height // 2)
        return page.image.resize(half, Image.Resampling.LANCZOS)


def booking() -> Image.Image:
    """A flight booking form."""
    pen = Pen(sample_theme((20, 92, 178), (228, 234, 242)))
    canvas, theme = pen.canvas, pen.theme
    art = sunrise(theme.px(WIDTH), theme.px(112))
    canvas.image.paste(art, (0, 0))
    pen.y = float(art.height + theme.px(14))
    pen.text("Book your flight", TextStyle(22, None, "bold"))
    pen.space(2)
    pen.text(
        "Tell us where you would like to go and we will find the best fares for you.",
        TextStyle(13, theme.subtle),
    )
    pen.space(9)
    pen.choices(("Return trip", "One way"), {0}, True, 2)
    pen.space(6)
    pen.captions("From", "To")
    for column, city in enumerate(("Lisbon (LIS)", "Reykjavik (KEF)")):
        high = widgets.dropdown(canvas, pen.half(column), city, 32, False)
    pen.y += high + theme.px(10)
    pen.captions("Departure", "Cabin class")
    widgets.field(canvas, pen.half(0), "14 May 2027", 32, False)
    pen.y += widgets.dropdown(canvas, pen.half(1), "Economy", 32, False) + theme.px(12)
    pen.choices(("Flexible dates", "Direct flights only", "Add a checked bag"), {0, 2}, False, 1)
    pen.space(10)
    pen.buttons(("Search flights", "Start over"), (theme.accent, (92, 102, 118)))
    return pen.finished()


def feedback() -> Image.Image:
    """A feedback poll."""
    pen = Pen(sample_theme((150, 62, 30), (243, 236, 228)))
    canvas, theme = pen.canvas, pen.theme
    side = theme.px(84)
    canvas.image.paste(cup(side, side), (pen.left, round(pen.y)))
    indent = side + theme.px(14)
    place = Place(pen.left + indent, pen.y, pen.width - indent)
    bold = TextStyle(13, None, "bold")
    used = blocks.text_block(canvas, place, "How was your visit?", TextStyle(19, None, "bold"))
    words = "Two minutes of your time help us brew a better cup."
    below = place._replace(y=pen.y + used + theme.px(2))
    used += theme.px(2) + blocks.text_block(canvas, below, words, TextStyle(13, theme.subtle))
    pen.y += max(used, side) + theme.px(12)
    pen.text("Overall, I was", bold)
    pen.space(3)
    pen.choices(("Delighted", "Satisfied", "Neutral", "Disappointed"), {1}, True, 2)
    pen.space(8)
    pen.text("What did you like?", bold)
    pen.space(3)
    pen.choices(("Coffee", "Cakes", "Service", "Music"), {0, 2}, False, 2)
    pen.space(8)
    pen.text("Which branch did you visit?", bold)
    pen.space(3)
    pen.y += widgets.dropdown(canvas, pen.full(), "Harbour Street", 32, False)
    pen.space(10)
    pen.text("Anything else?", bold)
    pen.space(3)
    pen.y += widgets.field(canvas, pen.full(), "Type your comment here", 56, True)
    pen.space(14)
    pen.buttons(("Send feedback", "Not now"), (theme.accent, (110, 104, 98)))
    return pen.finished()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the two PNG files")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, card in (("booking", booking()), ("feedback", feedback())):
        card.save(args.out / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
