"""Label files: names in the order of the model's outputs."""

from pathlib import Path
from typing import Any

import orjson

from inference_core.errors import PackError
from inference_core.packing.label_map import read_label_map
from inference_core.zoo import label_list_path, label_lists


def read_labels(source: str | None, folder: Path) -> list[dict[str, Any]]:
    """Labels as plain manifest values.

    Args:
        source: a `.txt` file (one name a line, ids from 0), a `.json` file (list of names, or of `{"id", "name"}`), a
            `.pbtxt` label map of TensorFlow, or the name of a list that ships with the zoo.
        folder: where relative paths start.

    Raises:
        PackError: no source, no such file, or no labels in it.
    """
    if source is None:
        raise PackError(
            "the model has no labels",
            expected="a label file",
            remedy="add `labels = ...` to the recipe, or give --labels FILE",
        )
    path = folder / source if Path(source).suffix else label_list_path(source)
    if not path.is_file():
        raise PackError(
            f"there is no label file {source}",
            expected=f"a .txt, .json or .pbtxt file, or one of {', '.join(label_lists())}",
            remedy="correct the path",
        )
    match path.suffix:
        case ".json":
            labels = _from_json(path)
        case ".pbtxt":
            labels = read_label_map(path)
        case _:
            labels = _from_text(path)
    if not labels:
        raise PackError(f"{path} holds no labels", expected="one name a line, in the order of the outputs")
    return labels


def _from_json(path: Path) -> list[Any]:
    try:
        labels = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise PackError(f"{path} is not valid JSON: {error}", remedy="correct the syntax there") from error
    if not isinstance(labels, list):
        raise PackError(f"{path} is not a list", expected='[{"id": 0, "name": "..."}, ...]', remedy="correct the file")
    return [{"id": i, "name": label} if isinstance(label, str) else label for i, label in enumerate(labels)]


def _from_text(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark before the first name
    except UnicodeDecodeError as error:
        raise PackError(f"{path} is not UTF-8 text", got=str(error), remedy="save it as UTF-8") from error
    names = [line.strip() for line in text.splitlines()]
    while names and not names[-1]:
        names.pop()
    if "" in names:
        raise PackError(f"line {names.index('') + 1} of {path} is empty", expected="a name on every line")
    return [{"id": index, "name": name} for index, name in enumerate(names)]
