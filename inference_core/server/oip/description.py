"""What the protocol tells of the server and its models: plain values, of which HTTP makes JSON and gRPC messages."""

from typing import Any

from inference_core import __version__
from inference_core.bundle import TensorSpec
from inference_core.errors import NotReadyError
from inference_core.oip.datatypes import BYTES, datatype_of
from inference_core.oip.images import IMAGE_INPUT, IMAGE_OUTPUT
from inference_core.repository import Entry, Model
from inference_core.server.service import Service

_EXTENSIONS = ("binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters")
_PLATFORMS = {
    "onnxruntime": "onnxruntime_onnx",
    "tensorflow": "tensorflow_savedmodel",
    "torchscript": "pytorch_libtorch",
}
"""Triton's names for what runs a model, where it has one; else the engine's own stands."""
_STATES = {"ready": "READY", "loading": "LOADING", "unloaded": "UNAVAILABLE", "failed": "UNAVAILABLE"}


def server_metadata() -> dict[str, Any]:
    """Name, version and extensions of the server."""
    return {"name": "satchel", "version": __version__, "extensions": list(_EXTENSIONS)}


def model_metadata(service: Service, model: Model) -> dict[str, Any]:
    """What versions of the model there are, and its tensors as the artifact has them."""
    name = model.manifest.name
    return {
        "name": name,
        "versions": [entry.version for entry in service.models.entries() if entry.name == name],
        "platform": _platform(model),
        "inputs": [_tensor(spec) for spec in model.artifact.inputs],
        "outputs": [_tensor(spec) for spec in model.artifact.outputs],
        "properties": {"image_input": IMAGE_INPUT, "image_output": IMAGE_OUTPUT},
    }


def model_config(model: Model) -> dict[str, Any]:
    """Triton's model configuration, as far as clients read it.

    `max_batch_size` is 0, which says that the dimensions are all there, with the batch among them.
    """
    return {
        "name": model.manifest.name,
        "platform": _platform(model),
        "backend": model.engine.engine,
        "max_batch_size": 0,
        "input": [_configured(spec) for spec in model.artifact.inputs],
        "output": [_configured(spec) for spec in model.artifact.outputs],
    }


def repository_index(service: Service, *, ready: bool) -> list[dict[str, str]]:
    """Every version of every model, or those that are ready, with its state."""
    return [
        {"name": entry.name, "version": entry.version, "state": _STATES[entry.state], "reason": entry.reason or ""}
        for entry in service.models.entries()
        if not ready or entry.state == "ready"
    ]


def ready_entry(service: Service, name: str, version: str | None) -> Entry:
    """A model that can be used at once.

    Raises:
        NotFoundError: there is no such model, or no such version of it.
        NotReadyError: it is not loaded, or the remote service that runs it cannot be used.
    """
    entry = service.models.entry(name, version)
    if entry.model is None:
        raise NotReadyError(f"model {name} is {entry.state}", got=entry.reason, expected="ready")
    entry.model.check_ready()
    return entry


def _platform(model: Model) -> str:
    return _PLATFORMS.get(model.engine.engine, model.engine.engine)


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "datatype": datatype_of(spec.dtype), "shape": _sizes(spec)}


def _configured(spec: TensorSpec) -> dict[str, Any]:
    datatype = datatype_of(spec.dtype)
    return {
        "name": spec.name,
        "data_type": "TYPE_STRING" if datatype == BYTES else f"TYPE_{datatype}",
        "dims": _sizes(spec),
    }


def _sizes(spec: TensorSpec) -> list[int]:
    """With -1 for whatever is not fixed, as the protocol has it."""
    return [axis if isinstance(axis, int) else -1 for axis in spec.shape]
