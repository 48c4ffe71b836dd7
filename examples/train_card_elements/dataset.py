"""Labelled pictures on disk: hand-labelled Pascal VOC folders and folders of drawn cards."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageOps

from labels import ALL_BITS, CHECKBOX, CLASSES, IGNORED, RADIO, TEXTBOX, Labels, bits

REAL_CLASSES = bits(TEXTBOX, RADIO, CHECKBOX)
"""The classes that the hand-labelled cards label; the others occur there without a box."""
HELD_OUT = 6
"""Every sixth hand-labelled card (in order of file name) is kept for validation."""


@dataclass(frozen=True)
class Sample:
    """One labelled picture."""

    path: Path
    labels: Labels

    def image(self) -> Image.Image:
        """The picture, upright, as RGB."""
        with Image.open(self.path) as file:
            return ImageOps.exif_transpose(file).convert("RGB")


def read_voc(folder: Path) -> list[Sample]:
    """All `*.xml` with their pictures in `folder`; a box of unknown name is an ignored region."""
    samples = []
    for path in sorted(folder.glob("*.xml")):
        root = ElementTree.parse(path).getroot()  # noqa: S314 - the user's own data set
        name = root.findtext("filename", "")
        picture = folder / name
        if not picture.is_file():
            picture = next(p for p in sorted(folder.glob(path.stem + ".*")) if p != path)
        rows = []
        for entry in root.iter("object"):
            sides = ("xmin", "ymin", "xmax", "ymax")
            box = tuple(float(entry.findtext(f"bndbox/{side}", "0")) for side in sides)
            label = entry.findtext("name", "")
            if label in CLASSES:
                rows.append((box, CLASSES.index(label), 0))
            else:
                rows.append((box, IGNORED, ALL_BITS))
        samples.append(Sample(picture, Labels.of(rows, REAL_CLASSES)))
    return samples


def split(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """(training part, validation part): every `HELD_OUT`-th sample goes to the second."""
    held = [s for i, s in enumerate(samples) if i % HELD_OUT == HELD_OUT // 2]
    return [s for i, s in enumerate(samples) if i % HELD_OUT != HELD_OUT // 2], held


def read_cards(folder: Path) -> list[Sample]:
    """The drawn cards that `generate.py` left in `folder`."""
    samples = []
    for record in json.loads((folder / "labels.json").read_text()):
        values = zip(record["boxes"], record["classes"], record["masks"], strict=True)
        rows = [(tuple(box), number, mask) for box, number, mask in values]
        samples.append(Sample(folder / record["file"], Labels.of(rows)))
    return samples
