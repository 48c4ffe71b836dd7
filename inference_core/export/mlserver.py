"""MLServer's folder: settings of the server and of the model, and a runtime of ours.

Reference: https://mlserver.readthedocs.io/en/stable/reference/model-settings.html
"""

import json
from pathlib import Path
from typing import Any

from inference_core.bundle import TensorSpec
from inference_core.export.choice import Choice, Split
from inference_core.export.files import copy_artifact, copy_program
from inference_core.oip.datatypes import BYTES, datatype_of
from inference_core.packing.slim import slim_bundle

SETTINGS = "settings.json"
MODEL_SETTINGS = "model-settings.json"
_RUNTIMES = {Split.TENSORS: "SatchelTensors", Split.IMAGE: "SatchelPictures"}
"""The class in each program. Programs have names of their own, since MLServer has one module of a name."""
_BUNDLE = "bundle"
_PICTURES = [-1]


def write_mlserver(choice: Choice, folder: Path) -> None:
    """Writes the model's directory."""
    folder.mkdir(parents=True)
    if choice.split is Split.IMAGE:
        slim_bundle(choice.bundle, [choice.artifact_name], folder / _BUNDLE)
        model = _BUNDLE
        extra: dict[str, dict[str, str]] = {}
        inputs, outputs = [_metadata("image", BYTES, _PICTURES)], [_metadata("result", BYTES, _PICTURES)]
    else:
        model = copy_artifact(choice.bundle, choice.artifact, folder)
        artifact = choice.artifact
        sides = {"input": artifact.inputs, "output": artifact.outputs}
        extra = {side: {spec.name: spec.engine_name for spec in specs} for side, specs in sides.items()}
        inputs, outputs = ([_tensor(spec) for spec in specs] for specs in sides.values())
    copy_program(f"mlserver_{choice.split}", folder / f"satchel_{choice.split}.py")
    settings = {
        "name": choice.name,
        "implementation": f"satchel_{choice.split}.{_RUNTIMES[choice.split]}",
        "platform": choice.artifact.engine,
        "inputs": inputs,
        "outputs": outputs,
        "parameters": {"uri": f"./{model}", "version": "1", "extra": {**extra, "origin": choice.origin}},
    }
    (folder / MODEL_SETTINGS).write_text(f"{json.dumps(settings, indent=2)}\n", encoding="utf-8")


def server_settings() -> str:
    """What `settings.json` says: one process infers, beside the one that listens."""
    return f"{json.dumps({'debug': False, 'parallel_workers': 1}, indent=2)}\n"


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    shape = [axis if isinstance(axis, int) else -1 for axis in spec.shape]
    return _metadata(spec.name, datatype_of(spec.dtype), shape)


def _metadata(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}
