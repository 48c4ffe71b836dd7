"""What an inference engine is: five methods, and the facts it was opened with."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from inference_core.bundle.manifest import Artifact

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is to run. Whoever opens it decides; the environment is never consulted here."""

    threads: int
    """Intra-op threads of one inference."""
    instances: int = 1
    """Inferences that are to run at once, each on `threads` of its own; further callers share them."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""
    spin: bool = False
    """Whether idle threads spin: quicker alone, costly when several sessions or processes share the cores."""


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """What is running, for people and for `/models/{name}`."""

    engine: str
    version: str
    device: str
    providers: tuple[str, ...]
    """Execution providers, in order of preference; empty where the engine has no such notion."""
    precision: str
    threads: int
    """Intra-op threads of one inference."""
    instances: int = 1
    """Inferences that run at once."""
    notes: tuple[str, ...] = ()
    """What the engine does otherwise than one would expect, in sentences."""


class Engine(ABC):
    """A loaded artifact, here or elsewhere. `infer` may be called from several threads at once."""

    @abstractmethod
    def warm_up(self) -> None:
        """Runs every declared input shape, so that no later request pays for first-time work."""

    @abstractmethod
    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """Runs the model once.

        Args:
            inputs: by the artifact's input names; batch on axis 0.
            deadline: `time.monotonic()` value after which no work is begun.

        Returns:
            Outputs by the artifact's output names.

        Raises:
            EngineError: the model failed, or an input has the wrong name, dtype or shape.
            DeadlineError: the deadline has passed.
        """

    @abstractmethod
    def describe(self) -> EngineDescription:
        """What is running, and how."""

    @abstractmethod
    def close(self) -> None:
        """Frees the model. Nothing may be called afterwards."""


class LocalEngine(Engine):
    """An engine that runs in this process, on an artifact's files."""

    @classmethod
    @abstractmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """Opens `artifact`, whose files lie below `directory`.

        Raises:
            EngineError: the engine refuses the file, or its tensors are not those of the artifact.
            MissingDependencyError: the engine's package, or the device asked for, is not there.
        """
