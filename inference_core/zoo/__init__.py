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
    return sorted(path.stem for path in _lists())


def label_list_path(name: str) -> Path:
    """Where the label list `name` lies; the file need not exist."""
    return next((path for path in _lists() if path.stem == name), _HERE / "labels" / f"{name}.txt")


def _lists() -> list[Path]:
    """A plain list is text; one whose classes are not the model's first outputs is JSON."""
    return [path for path in (_HERE / "labels").iterdir() if path.suffix in (".txt", ".json")]
