"""What a model is and in which state, in the words of TensorFlow Serving (`tensorflow_serving/apis`)."""

from typing import Any

from inference_core.bundle import TensorSpec
from inference_core.repository import Entry, Model
from inference_core.server.oip.feeding import has_batch
from inference_core.server.tfs.asked import SIGNATURE
from inference_core.tfs.datatypes import data_type_of

_STATES = {"ready": "AVAILABLE", "loading": "LOADING", "unloaded": "START", "failed": "END"}


def version_status(entry: Entry) -> dict[str, Any]:
    """`START` is a model that its first request loads, `END` one that failed or was unloaded on purpose."""
    state = "END" if entry.kept_out and entry.state == "unloaded" else _STATES[entry.state]
    failed = entry.state == "failed"
    return {
        "version": entry.version,
        "state": state,
        "status": {
            "error_code": "UNAVAILABLE" if failed else "OK",
            "error_message": (entry.reason or "") if failed else "",
        },
    }


def model_metadata(model: Model) -> dict[str, Any]:
    """The tensors of the artifact that runs, as the one signature of the model."""
    batched = has_batch(model.artifact)
    signature = {
        "inputs": {spec.name: _tensor_info(spec, batched=batched) for spec in model.artifact.inputs},
        "outputs": {spec.name: _tensor_info(spec, batched=batched) for spec in model.artifact.outputs},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": model.manifest.name, "signature_name": "", "version": model.manifest.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _tensor_info(spec: TensorSpec, *, batched: bool) -> dict[str, Any]:
    sizes = [str(axis) if isinstance(axis, int) else "-1" for axis in spec.shape]
    if batched and sizes:
        sizes[0] = "-1"  # any number of items is run in parts of the size that the model has
    return {
        "dtype": data_type_of(spec.dtype),
        "tensor_shape": {"dim": [{"size": size, "name": ""} for size in sizes], "unknown_rank": False},
        "name": spec.engine_name,
    }
