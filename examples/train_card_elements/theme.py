"""Colours, type family and measures that one card is drawn with."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fonts import Family, families, sans_families

Colour = tuple[int, int, int]

ACCENTS: tuple[Colour, ...] = (
    (0, 99, 177), (0, 120, 212), (98, 100, 167), (16, 124, 16), (209, 52, 56), (202, 80, 16),
    (0, 130, 114), (136, 23, 152), (45, 125, 154), (33, 33, 33), (232, 17, 35), (76, 110, 245),
)  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """What is constant over one card.

    page, card, text, subtle, accent, good, bad, line, field, grey: colours (r, g, b).
    scale: pixels per layout unit (a layout unit is about one CSS pixel).
    body: body text size in layout units; spacing: gap between elements in layout units.
    radio, check, drop, push: number of the drawing style of the widgets.
    """

    page: Colour
    card: Colour
    text: Colour
    subtle: Colour
    accent: Colour
    line: Colour
    field: Colour
    grey: Colour
    good: Colour
    bad: Colour
    family: Family
    scale: float
    body: float
    spacing: float
    radius: float
    radio: int
    check: int
    drop: int
    push: int
    rough: float
    dark: bool

    def px(self, units: float) -> int:
        """Layout units in whole pixels."""
        return round(units * self.scale)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` moved by `share` (0 to 1) towards `second`."""
    r, g, b = (round(a + (z - a) * share) for a, z in zip(first, second, strict=True))
    return r, g, b


def luminance(colour: Colour) -> float:
    """Perceived brightness, 0 to 255 (Rec. 601 weights)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def random_theme(rng: random.Random, scale: float) -> Theme:
    """A theme drawn by `rng`; one in five is dark."""
    dark = rng.random() < 0.2
    if dark:
        level = rng.randint(18, 60)
        card: Colour = (level, level, level + rng.randint(0, 12))
        text: Colour = (rng.randint(225, 255),) * 3
    else:
        card = _light_surface(rng)
        text = mix((0, 0, 0), (60, 64, 80), rng.random())
    accent = rng.choice(ACCENTS)
    if dark:
        accent = mix(accent, (255, 255, 255), 0.35)
    page = mix(card, (0, 0, 0) if not dark else (90, 90, 90), rng.choice((0, 0.04, 0.08, 0.2)))
    if not dark and rng.random() < 0.4:
        page = mix((236, 239, 243), (222, 232, 240), rng.random())
    family = _random_family(rng)
    return Theme(
        page=page, card=card, text=text, subtle=mix(text, card, rng.uniform(0.35, 0.6)),
        accent=accent, line=mix(card, text, rng.uniform(0.08, 0.3)),
        field=mix(card, text, rng.choice((0, 0, 0.03, 0.06))),
        grey=mix(card, text, rng.uniform(0.05, 0.18)), good=(30, 140, 60), bad=(204, 30, 40),
        family=family, scale=scale, body=rng.choice((13, 14, 14, 15, 16, 17)),
        spacing=rng.uniform(5, 13), radius=rng.choice((0, 0, 2, 3, 4, 6, 10, 20)),
        radio=rng.randrange(5), check=rng.randrange(6), drop=rng.randrange(5),
        push=rng.randrange(5), rough=rng.uniform(0.8, 2.0) if rng.random() < 0.08 else 0.0,
        dark=dark,
    )  # fmt: skip


def _light_surface(rng: random.Random) -> Colour:
    """White in most cases, else a pale tint."""
    if rng.random() < 0.75:
        return (255, 255, 255)
    tint = (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255))
    return mix((255, 255, 255), tint, rng.uniform(0.02, 0.12))


def _random_family(rng: random.Random) -> Family:
    """Mostly an upright sans serif; the many Noto families are kept from outweighing the rest."""
    pool = sans_families() if rng.random() < 0.88 else families()
    usual = [f for f in pool if not f.name.startswith("Noto") or f.name == "Noto Sans"]
    return rng.choice(usual if usual and rng.random() < 0.8 else pool)
