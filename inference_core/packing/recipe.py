"""Recipes: TOML files that say how a trained model is to be fed and read."""

import json
import tomllib
from pathlib import Path

from inference_core.bundle.manifest import Recipe
from inference_core.bundle.schema import parse_record
from inference_core.errors import ManifestError, PackError
from inference_core.zoo import recipe_names, recipe_path


def read_recipe(name: str) -> tuple[Recipe, Path]:
    """Reads a recipe file, or the zoo's recipe of that name.

    Returns:
        The recipe and the folder its relative paths start from.

    Raises:
        PackError: there is no such file or zoo recipe.
        ManifestError: it is not TOML, or does not follow the schema.
    """
    path = Path(name) if name.endswith(".toml") or "/" in name else recipe_path(name)
    if not path.is_file():
        raise PackError(
            f"there is no recipe {name}",
            expected=f"a .toml file, or one of the zoo: {', '.join(recipe_names())}",
            remedy="give the path of a recipe; the zoo's recipes are good examples to copy",
        )
    try:
        text = json.dumps(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} is not valid TOML: {error}", remedy="correct the syntax there") from error
    except TypeError as error:
        raise ManifestError(f"{path} holds a date or time, which no key takes", remedy="put it in quotes") from error
    return parse_record(Recipe, text, where=str(path)), path.parent
