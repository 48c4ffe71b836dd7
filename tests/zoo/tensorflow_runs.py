"""Starts what runs TensorFlow models, each time in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference_core.packing.apart import run_apart

_UPSTREAM = Path(__file__).with_name("tensorflow_upstream.py")


def run_upstream(task: str, model: Path, pictures: Sequence[Path]) -> list[list[Any]]:
    """What TensorFlow alone makes of each picture: see `tensorflow_upstream`."""
    command = [sys.executable, str(_UPSTREAM), task, str(model), *map(str, pictures)]
    answers: list[list[Any]] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return answers


def run_ours(
    model: Path, recipe: str | None, engines: Sequence[str], bundle: Path, pictures: Sequence[Path]
) -> dict[str, list[list[dict[str, Any]]]]:
    """What our bundle of it makes of each picture on each engine: see `tensorflow_bundle`."""
    answers: dict[str, list[list[dict[str, Any]]]] = run_apart(
        "tests.zoo.tensorflow_bundle:predict",
        purpose="packing and running a TensorFlow model",
        environment={"TF_CPP_MIN_LOG_LEVEL": "3"},
        model=str(model),
        recipe=recipe,
        engines=list(engines),
        bundle=str(bundle),
        pictures=[str(picture) for picture in pictures],
    )
    return answers
