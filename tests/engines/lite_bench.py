"""A TensorFlow Lite file in a process of its own, into which nothing else brings TensorFlow."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from inference_core.bundle import Artifact
from inference_core.engines import EngineOptions, load_engine


def red(folder: str, artifact: dict[str, Any]) -> dict[str, Any]:
    """The logits of a red image, and whether TensorFlow was imported."""
    engine = load_engine(Artifact.model_validate_json(json.dumps(artifact)), Path(folder), EngineOptions(threads=1))
    image = np.zeros((1, 8, 8, 3), np.float32)
    image[..., 0] = 1
    return {"logits": engine.infer({"images": image})["logits"].tolist(), "imported": "tensorflow" in sys.modules}
