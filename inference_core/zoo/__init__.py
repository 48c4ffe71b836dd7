"""Recipes and label lists of well-known models, as data files."""

from pathlib import Path

_HERE = Path(__file__).parent


def recipe_names() -> list[str]:
    """Every recipe that ships with this version."""
    return sorted(path.stem for path in (_HERE / "recipes").glob("*.toml"))


def recipe_path(name: str) -> Path:
    """Where the recipe `name` lies; the file need not exist."""
    return _HERE / "recipes" / f"{name}.toml"


def label_lists() -> list[str]:
    """Every label list that ships with this version."""
    return sorted(path.stem for path in (_HERE / "labels").glob("*.txt"))


def label_list_path(name: str) -> Path:
    """Where the label list `name` lies; the file need not exist."""
    return _HERE / "labels" / f"{name}.txt"
