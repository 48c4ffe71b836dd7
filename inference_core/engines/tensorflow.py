"""The TensorFlow engine: frozen graphs and SavedModels by TensorFlow, TensorFlow Lite files by LiteRT."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

from inference_core.bundle.manifest import Artifact
from inference_core.dependencies import require
from inference_core.engines.engine import Array, EngineDescription, EngineOptions, LocalEngine
from inference_core.engines.pool import Pool, SharedPool
from inference_core.engines.tensors import check_inputs, warm_up_inputs
from inference_core.errors import EngineError, SatchelError, first_line

_WARM_UP_RUNS = 2
_PRECISIONS = {".tflite": ("fp32", "fp16", "int8")}
"""By the file's suffix. A Lite file states its own; TensorFlow is given no other than fp32."""


class Program(Protocol):
    """An opened model. A tensor goes by its name in the graph, or by its key in the file's signature."""

    version: str
    """Of the library that runs it."""
    notes: tuple[str, ...]
    reentrant: bool
    """Whether several callers may run it at once, each on its own thread."""

    def run(self, arrays: list[Array]) -> list[Array]:
        """From the inputs to the outputs, each in the artifact's order."""

    def close(self) -> None:
        """Frees it."""


class TensorFlowEngine(LocalEngine):
    """Runs a frozen graph (`.pb`), the serving signature of a SavedModel (a directory), or a `.tflite` file.

    TensorFlow reads some choices from the environment only; what is unset there is set when the first model is loaded.
    """

    def __init__(self, programs: Pool[Program], artifact: Artifact, options: EngineOptions) -> None:
        self._programs = programs
        self._artifact = artifact
        self._options = options

    @classmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """See `Engine.load`."""
        precisions = _PRECISIONS.get(Path(artifact.file).suffix, ("fp32",))
        if artifact.precision not in precisions:
            raise EngineError(
                f"tensorflow does not run {artifact.file} in {artifact.precision}",
                expected=", ".join(precisions),
                remedy="pack the model again, for one of these or for another engine",
            )
        first = _open(artifact, directory, options)
        if first.reentrant:
            return cls(SharedPool(first), artifact, options)
        others = [_open(artifact, directory, options) for _ in range(options.instances - 1)]
        return cls(Pool([first, *others]), artifact, options)

    def warm_up(self) -> None:
        """See `Engine.warm_up`."""
        for inputs in warm_up_inputs(self._artifact.inputs):
            for _ in range(_WARM_UP_RUNS * len(self._programs.instances)):
                self.infer(inputs)

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`."""
        check_inputs(inputs, self._artifact.inputs)
        arrays = [inputs[spec.name] for spec in self._artifact.inputs]
        failing = f"tensorflow failed while running {self._artifact.file}"
        with self._programs.lend(deadline) as program, _translated(failing, None):
            values = program.run(arrays)
        return {spec.name: value for spec, value in zip(self._artifact.outputs, values, strict=True)}

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        program = self._programs.instances[0]
        return EngineDescription(
            engine="tensorflow",
            version=program.version,
            device=self._options.device,
            providers=(),
            precision=self._artifact.precision,
            threads=self._options.threads,
            instances=self._options.instances,
            notes=program.notes,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        for program in self._programs.instances:
            program.close()
        del self._programs


def _open(artifact: Artifact, directory: Path, options: EngineOptions) -> Program:
    path = directory / artifact.file
    remedy = "check that the file is whole, and that this version knows its operators"
    with _translated(f"tensorflow cannot load {artifact.file}", remedy):
        if path.suffix == ".tflite":
            require("ai_edge_litert", extra="tf", purpose=f"running {artifact.file}")
            from inference_core.engines.tensorflow_lite import LiteProgram

            return LiteProgram.open(path, artifact, options)
        from inference_core.engines.tensorflow_graph import GraphProgram

        return GraphProgram.open(path, artifact, options)


@contextmanager
def _translated(message: str, remedy: str | None) -> Iterator[None]:
    try:
        yield
    except SatchelError:
        raise
    except Exception as error:  # TensorFlow's exceptions share no base class
        raise EngineError(message, got=first_line(error), remedy=remedy) from error
