"""Draw random cards with several processes and keep them as JPEG files with one label file."""

from __future__ import annotations

import argparse
import json
import multiprocessing
from functools import partial
from pathlib import Path
from typing import TypedDict

from cards import random_card


class CardRecord(TypedDict):
    """One line of `labels.json`: file name, boxes [n, 4] in pixels, classes [n], masks [n]."""

    file: str
    boxes: list[list[float]]
    classes: list[int]
    masks: list[int]


def draw_one(folder: Path, seed: int) -> CardRecord:
    """Draw the card of `seed`, save it in `folder` and return its record."""
    image, labels = random_card(seed)
    name = f"{seed:07d}.jpg"
    image.save(folder / name, "JPEG", quality=95, subsampling=0)
    return CardRecord(
        file=name,
        boxes=[[round(float(v), 2) for v in box] for box in labels.boxes],
        classes=[int(c) for c in labels.classes],
        masks=[int(m) for m in labels.masks],
    )


def generate(folder: Path, first: int, count: int, workers: int) -> None:
    """Fill `folder` with `count` cards, seeds from `first` on, unless it holds them already."""
    index = folder / "labels.json"
    if index.exists() and len(json.loads(index.read_text())) == count:
        return
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(first, first + count)
    with multiprocessing.Pool(workers) as pool:
        records = pool.map(partial(draw_one, folder), seeds, chunksize=16)
    index.write_text(json.dumps(records))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--count", type=int, default=100, help="number of cards (default 100)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first card (default 0)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    args = parser.parse_args()
    generate(args.out, args.first, args.count, args.workers)


if __name__ == "__main__":
    main()
