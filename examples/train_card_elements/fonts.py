"""TrueType fonts found on this computer, with Pillow's own scalable font to fall back on."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
UNWANTED = ("math", "symbol", "emoji", "icon", "dingbat", "braille", "extralight", "thin")
"""Parts of font names that hold no ordinary letters, or strokes too thin to be seen on a card."""


@dataclass(frozen=True)
class Family:
    """One type family: paths of its faces; an empty path means Pillow's built-in font."""

    name: str
    regular: str
    bold: str
    italic: str

    def font(self, size: float, weight: str = "regular") -> Font:
        """The face of `weight` (regular, bold or italic) at `size` pixels per em."""
        path = {"bold": self.bold, "italic": self.italic}.get(weight, self.regular)
        return load_font(path or self.regular, max(4, round(size)))


@lru_cache(maxsize=2048)
def load_font(path: str, size: int) -> Font:
    """Font at `size` pixels per em; the empty path stands for Pillow's built-in font."""
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Families with Latin letters and both a regular and a bold face, sorted by name."""
    faces: dict[str, dict[str, str]] = {}
    for path in _font_files():
        named = _face_name(path)
        if named is not None:
            faces.setdefault(named[0], {}).setdefault(named[1].lower(), str(path))
    found = []
    for name, styles in sorted(faces.items()):
        regular = styles.get("regular") or styles.get("book") or styles.get("roman")
        bold = styles.get("bold") or styles.get("semibold") or styles.get("medium")
        italic = styles.get("italic") or styles.get("oblique") or ""
        if regular and bold:
            found.append(Family(name, regular, bold, italic))
    return tuple(found) or (Family("built-in", "", "", ""),)


def sans_families() -> tuple[Family, ...]:
    """The families that are neither serif nor monospaced; all of them if there are none."""
    chosen = [f for f in families() if not any(s in f.name.lower() for s in ("serif", "mono"))]
    return tuple(chosen) or families()


def _font_files() -> list[Path]:
    paths: set[Path] = set()
    for folder in FOLDERS:
        root = Path(folder).expanduser()
        if root.is_dir():
            paths.update(p for p in root.rglob("*") if p.suffix.lower() in (".ttf", ".otf"))
    return sorted(p for p in paths if not any(word in p.name.lower() for word in UNWANTED))


def _face_name(path: Path) -> tuple[str, str] | None:
    """(family, style) of a font with Latin letters, or None."""
    try:
        font = ImageFont.truetype(str(path), 24)
        missing = bytes(font.getmask("\uffff"))
        latin = all(bytes(font.getmask(letter)) not in (missing, b"") for letter in "Aag5")
        family, style = font.getname()
    except OSError as error:
        print(f"font {path} skipped: {error}", file=sys.stderr)
        return None
    return (family, style) if latin and family and style else None
