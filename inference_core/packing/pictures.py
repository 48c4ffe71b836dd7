"""The pictures that packing runs the model on, and the tensors that the recipe's steps make of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from inference_core.bundle.manifest import ModelCard
from inference_core.errors import PackError, SatchelError
from inference_core.imaging import Preprocessor, sample_picture
from inference_core.packing.trial import TRIAL_SIZES

_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


def find_pictures(places: Iterable[Path]) -> list[Path]:
    """Files, and the pictures directly inside directories, in the order of their names.

    Raises:
        PackError: a place does not exist, or a directory holds no picture.
    """
    found: list[Path] = []
    for place in places:
        inside = sorted(path for path in place.iterdir() if _is_picture(path)) if place.is_dir() else [place]
        if not place.exists() or not inside:
            raise PackError(
                f"there are no pictures at {place}",
                got="a directory without any" if place.is_dir() else "no such file or directory",
                expected=f"a picture, or a directory of pictures ({', '.join(sorted(_SUFFIXES))})",
                remedy="correct the path",
            )
        found.extend(inside)
    return found


def generated_pictures(folder: Path) -> list[Path]:
    """Pictures of several shapes, for where none are given: they show that the model runs, not that it is right."""
    paths = []
    for width, height in TRIAL_SIZES:
        paths.append(folder / f"generated_{width}x{height}.png")
        paths[-1].write_bytes(sample_picture(width, height))
    return paths


def spread(pictures: Sequence[Path], most: int) -> list[Path]:
    """At most so many of them, from the whole of the list."""
    step = max(1, -(-len(pictures) // most))
    return list(pictures[::step])


def write_tensors(pictures: Sequence[Path], card: ModelCard, folder: Path) -> list[Path]:
    """One .npy file for each picture: what the card's preprocessing steps make of it, [1, ...].

    Raises:
        PackError: a picture cannot be read.
    """
    preprocess = Preprocessor(card.preprocess)
    folder.mkdir()
    paths = []
    for number, picture in enumerate(pictures):
        try:
            tensor = preprocess.run(picture.read_bytes()).tensor
        except SatchelError as error:
            raise PackError(f"{picture} cannot be used: {error.message}", got=error.got, remedy=error.remedy) from error
        paths.append(folder / f"{number:05}.npy")
        np.save(paths[-1], tensor, allow_pickle=False)
    return paths


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES
