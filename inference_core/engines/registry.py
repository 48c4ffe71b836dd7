"""The table of engines. An engine's package is imported when one of its artifacts is loaded, not before."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from inference_core.bundle.manifest import Artifact
from inference_core.dependencies import require
from inference_core.engines.engine import Engine, EngineOptions
from inference_core.errors import MissingDependencyError


class _Entry(NamedTuple):
    module: str
    name: str
    package: str
    """Must be importable for the engine to work."""
    extra: str
    distributions: tuple[str, ...]
    """What may bring the package."""


_ENGINES = {
    "onnxruntime": _Entry(
        module="inference_core.engines.onnx_runtime",
        name="OnnxRuntimeEngine",
        package="onnxruntime",
        extra="onnx",
        distributions=("onnxruntime", "onnxruntime-gpu"),
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


def load_engine(artifact: Artifact, directory: Path, options: EngineOptions) -> Engine:
    """Opens `artifact` with the engine it names. No other engine is ever tried instead.

    Raises:
        MissingDependencyError: the engine is unknown here, or its package is not installed.
        EngineError: the engine refuses the artifact.
    """
    entry = _ENGINES.get(artifact.engine)
    if entry is None:
        raise MissingDependencyError(
            f"this version has no engine {artifact.engine}",
            expected=f"one of {', '.join(_ENGINES)}",
            remedy="upgrade satchel, or pack the model for one of these engines",
        )
    require(entry.package, extra=entry.extra, purpose=f"engine {artifact.engine}")
    engine: type[Engine] = getattr(import_module(entry.module), entry.name)
    return engine.load(artifact, directory, options)


def _version(distributions: tuple[str, ...]) -> str | None:
    for distribution in distributions:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return None
