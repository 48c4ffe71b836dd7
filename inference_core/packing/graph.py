"""What the packer needs to know of a model file, whatever its format."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference_core.bundle.tuning import Precision

TensorFacts = dict[str, Any]
"""A tensor as plain manifest values: name, dtype, shape, and native where the engine has another name for it."""


@dataclass(frozen=True, slots=True)
class ModelGraph:
    """Facts read off a model file, or found by running it."""

    engine: str
    """That runs the file."""
    file: str
    """Its name in a bundle."""
    path: Path
    """Where it lies: the file or directory that was given, or one that was made of it."""
    inputs: list[TensorFacts]
    outputs: list[TensorFacts]
    precision: Precision
    companions: list[str] = field(default_factory=list)
    """Further files it needs, relative to it."""
    provenance: dict[str, str] = field(default_factory=dict)
    """Versions that the file states."""
