"""The table of engines. An engine's package is imported when one of its artifacts is loaded, not before."""

import os
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from inference_core.bundle.manifest import Artifact
from inference_core.dependencies import require
from inference_core.engines.engine import EngineOptions, LocalEngine
from inference_core.errors import MissingDependencyError


class _Entry(NamedTuple):
    module: str
    name: str
    package: str
    """Must be importable for the engine to work."""
    extra: str
    distributions: tuple[str, ...]
    """What may bring the package."""
    environment: tuple[tuple[str, str], ...] = ()
    """What the package reads from the environment only, set there before it is imported, where it is not."""


_ENGINES = {
    "onnxruntime": _Entry(
        module="inference_core.engines.onnx_runtime",
        name="OnnxRuntimeEngine",
        package="onnxruntime",
        extra="onnx",
        distributions=("onnxruntime", "onnxruntime-gpu"),
        environment=(("ORT_DISABLE_TELEMETRY", "1"),),  # else it leaves files, and may send what it counts
    ),
    "openvino": _Entry(
        module="inference_core.engines.openvino",
        name="OpenVinoEngine",
        package="openvino",
        extra="openvino",
        distributions=("openvino",),
    ),
    "tensorflow": _Entry(
        module="inference_core.engines.tensorflow",
        name="TensorFlowEngine",
        package="tensorflow",
        extra="tf",
        distributions=("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly"),
        environment=(
            ("TF_CPP_MIN_LOG_LEVEL", "2"),  # errors, and no remarks on what the CPU could do
            ("TF_OVERRIDE_GLOBAL_THREADPOOL", "1"),  # threads for each session; else all share those of the first one
        ),
    ),
    "torchscript": _Entry(
        module="inference_core.engines.torchscript",
        name="TorchScriptEngine",
        package="satchel_torchscript",
        extra="torchscript",
        distributions=("satchel-torchscript",),
    ),
}


def engine_versions() -> dict[str, str | None]:
    """Every engine this version knows, with the version of its package; None where that is not installed."""
    return {name: _version(entry.distributions) for name, entry in _ENGINES.items()}


def engine_type(name: str) -> type[LocalEngine]:
    """The class of an engine; its package is imported now.

    Raises:
        MissingDependencyError: the engine is unknown here, or its package is not installed.
    """
    entry = _ENGINES.get(name)
    if entry is None:
        raise MissingDependencyError(
            f"this version has no engine {name}",
            expected=f"one of {', '.join(_ENGINES)}",
            remedy="upgrade satchel, or pack the model for one of these engines",
        )
    require(entry.package, extra=entry.extra, purpose=f"engine {name}")
    for variable, value in entry.environment:
        os.environ.setdefault(variable, value)
    engine: type[LocalEngine] = getattr(import_module(entry.module), entry.name)
    return engine


def load_engine(artifact: Artifact, directory: Path, options: EngineOptions) -> LocalEngine:
    """Opens `artifact` with the engine it names. No other engine is ever tried instead.

    Raises:
        MissingDependencyError: see `engine_type`.
        EngineError: the engine refuses the artifact.
    """
    return engine_type(artifact.engine).load(artifact, directory, options)


def _version(distributions: tuple[str, ...]) -> str | None:
    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None
