"""Bundles of the real models, and what they find when they run here."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from inference_core.bundle import open_bundle
from inference_core.packing import pack_model
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Outcome
from inference_core.tasks import Result
from tests.assets import ASSETS, BEAR, COCO, ROOT

PHOTOS = (BEAR, COCO / "images" / "000000000785.jpg", ASSETS / "images" / "photos" / "parrot.jpg")
"""A bear; a skier; a parrot that detectors take for a bird."""
_MODELS = ASSETS / "models"
ONNX = {
    "yolox_nano": _MODELS / "yolox_nano" / "yolox_nano.onnx",
    "mobilenet_v2": _MODELS / "mobilenet_v2" / "mobilenetv2_nchw_logits1000.onnx",
}
SAVED_MODELS = {
    "ssd_mobilenet_v1": _MODELS / "ssd_mobilenet_v1" / "saved_model",
    "mobilenet_v2_tf": _MODELS / "mobilenet_v2_tf" / "saved_model",
}
CONVERTED = "ssd_mobilenet_v1"
"""Of these, what is packed for onnxruntime too."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle, and what each engine that runs here finds in each of the photos."""

    path: Path
    found: dict[str, list[Facts]]


def pack(name: str, folder: Path) -> Packed:
    """The model in `ONNX` by the zoo's recipe of its name."""
    pack_model(ONNX[name], name, folder / name, images=[BEAR])
    return Packed(folder / name, {"onnxruntime": _embedded(folder / name, "onnxruntime")})


def pack_saved_model(name: str, folder: Path, python: str) -> Packed:
    """The model in `SAVED_MODELS`, packed and run by an interpreter that has TensorFlow."""
    path, engines = folder / name, ["tensorflow"] + ["onnxruntime"] * (name == CONVERTED)
    recipe = ["--recipe", name, "--engines", ",".join(engines)]
    _satchel(python, "pack", SAVED_MODELS[name], *recipe, "--image", BEAR, "-o", path)
    lines = _satchel(python, "predict", path, *PHOTOS, "--engine", "tensorflow", "--json").splitlines()
    found = {"tensorflow": [_facts(json.loads(line)) for line in lines]}
    return Packed(path, found | {engine: _embedded(path, engine) for engine in engines[1:]})


def facts(outcomes: Sequence[Outcome]) -> list[Facts]:
    """Results as JSON has them, without the times."""
    for outcome in outcomes:
        assert isinstance(outcome, Result), outcome
    return [_facts(orjson.loads(orjson.dumps(outcome))) for outcome in outcomes]


def _embedded(path: Path, engine: str) -> list[Facts]:
    with open_bundle(path) as bundle, LocalPredictor.load(bundle, engine=engine) as predictor:
        return facts(predictor.predict([photo.read_bytes() for photo in PHOTOS]))


def _facts(document: Facts) -> Facts:
    return {key: value for key, value in document.items() if key not in ("timings_ms", "file")}


def _satchel(python: str, *arguments: object) -> str:
    command = [python, "-m", "inference_core", *map(str, arguments)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
