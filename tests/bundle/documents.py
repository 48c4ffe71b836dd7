"""A small valid manifest as plain values, and a bundle written from it."""

import json
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle import Manifest, write_bundle
from inference_core.bundle.schema import parse_record
from inference_core.errors import ManifestError

WEIGHTS = b"weights"
DIGEST = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"
"""SHA-256 of `WEIGHTS`."""


def document() -> dict[str, Any]:
    """A valid manifest that leaves out whatever may be left out."""
    return {
        "format": 1,
        "name": "tiny",
        "task": "classification",
        "architecture": "tiny",
        "license": "MIT",
        "preprocess": [{"op": "decode"}, {"op": "resize", "width": 8, "height": 6}, {"op": "tensor"}],
        "postprocess": [{"op": "softmax"}, {"op": "top", "k": 2}],
        "labels": [{"id": 1, "name": "cat"}, {"id": 90, "name": "hair drier"}],
        "artifacts": [
            {
                "engine": "onnxruntime",
                "precision": "fp32",
                "file": "model.onnx",
                "inputs": [{"name": "images", "dtype": "float32", "shape": ["batch", 3, 6, 8]}],
                "outputs": [{"name": "logits", "dtype": "float32", "shape": ["batch", 2]}],
            }
        ],
        "files": {"model.onnx": {"sha256": DIGEST, "bytes": len(WEIGHTS)}},
    }


def changed(path: str, value: object) -> dict[str, Any]:
    """The valid manifest with the value at `path`, such as `labels/0/id`, replaced or added."""
    tree = document()
    *parents, last = path.split("/")
    place: Any = tree
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    place[int(last) if isinstance(place, list) else last] = value
    return tree


def parse(tree: object) -> Manifest:
    """Reads `tree` as the text of a file called `bundle.json`."""
    return parse_record(Manifest, json.dumps(tree), where="bundle.json")


def refusal(text: str | bytes) -> str:
    """The whole message with which `text` is refused as a manifest."""
    with pytest.raises(ManifestError) as caught:
        parse_record(Manifest, text, where="bundle.json")
    return str(caught.value)


def write(target: Path, **changes: Any) -> Path:
    """The bundle of `document()` at `target`, a directory or `.satchel` file."""
    source = target.parent / "weights.bin"
    source.write_bytes(WEIGHTS)
    facts = document() | changes
    del facts["files"]
    write_bundle(facts, {"model.onnx": source}, target)
    return target


def said(message: str) -> str:
    """The text of an error whose facts are separated by `|`."""
    return "bundle.json" + message.replace("|", "\n  ")
