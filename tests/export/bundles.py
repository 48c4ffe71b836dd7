"""Bundles with artifacts of several engines, whose files hold nothing but their names."""

from pathlib import Path
from typing import Any

from inference_core.bundle import Bundle, open_bundle, write_bundle
from tests.bundle.documents import document

IMAGES = {"name": "images", "dtype": "float32", "shape": ["batch", 3, 6, 8]}
LOGITS = {"name": "logits", "dtype": "float32", "shape": ["batch", 2]}


def artifact(engine: str = "onnxruntime", file: str = "model.onnx", **changes: Any) -> dict[str, Any]:
    """Plain manifest values of one."""
    facts = {"engine": engine, "precision": "fp32", "file": file, "inputs": [IMAGES], "outputs": [LOGITS]}
    return facts | changes


def tuning(engine: str, **facts: Any) -> dict[str, Any]:
    """A table whose only row is the pick."""
    row = {"engine": engine, "precision": "fp32", "threads": 2, "instances": 3, "outcome": "picked"} | facts
    machine = {"cpu": "some", "cpus": 6}
    table = {"goal": "throughput", "metric": "top-1", "source_score": 1.0, "dataset": "some", "images": 1}
    return table | {"max_drop": 0.0, "machine": machine, "rows": [row]}


def bundle(folder: Path, *artifacts: dict[str, Any], files: list[str] | None = None, **changes: Any) -> Bundle:
    """The bundle `tiny` with these artifacts and files."""
    facts = document() | {"artifacts": list(artifacts)} | changes
    del facts["files"]
    sources = {}
    for name in files or [each["file"] for each in artifacts]:
        sources[name] = folder / "sources" / name
        sources[name].parent.mkdir(parents=True, exist_ok=True)
        sources[name].write_text(name)
    write_bundle(facts, sources, folder / "tiny")
    return open_bundle(folder / "tiny")


SAVED_MODEL = ["saved/saved_model.pb", "saved/variables/variables.index"]
