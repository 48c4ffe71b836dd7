"""TensorFlow Lite files, run by LiteRT: TensorFlow's own interpreter is deprecated, and needs all of TensorFlow."""

from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from ai_edge_litert.interpreter import Interpreter

from inference_core.bundle.manifest import Artifact
from inference_core.engines.device import cuda_index
from inference_core.engines.engine import Array, EngineOptions
from inference_core.errors import EngineError, MissingDependencyError


class LiteProgram:
    """An interpreter with its inputs and outputs bound."""

    notes: tuple[str, ...] = ("the version is that of LiteRT, which runs .tflite files",)
    reentrant = False

    def __init__(self, interpreter: Interpreter, inputs: list[int], outputs: list[int]) -> None:
        self.version = version("ai-edge-litert")
        self._interpreter = interpreter
        self._inputs = inputs
        self._outputs = outputs
        self._shapes = {detail["index"]: tuple(detail["shape"]) for detail in interpreter.get_input_details()}

    @classmethod
    def open(cls, path: Path, artifact: Artifact, options: EngineOptions) -> Self:
        """Opens the file. Raises what LiteRT raises, or:

        Raises:
            EngineError: it lacks a tensor of the artifact.
            MissingDependencyError: a GPU is asked for.
        """
        if cuda_index(options.device, "tensorflow") is not None:
            raise MissingDependencyError(
                f"{artifact.file} cannot run on device {options.device}",
                expected="cpu",
                remedy="set SATCHEL_DEVICE=cpu, or choose another artifact",
            )
        interpreter = Interpreter(str(path), num_threads=options.threads)
        interpreter.allocate_tensors()
        inputs = _indices(interpreter, "input", artifact)
        return cls(interpreter, inputs, _indices(interpreter, "output", artifact))

    def run(self, arrays: list[Array]) -> list[Array]:
        """See `Program.run`."""
        for index, array in zip(self._inputs, arrays, strict=True):
            if self._shapes[index] != array.shape:
                self._interpreter.resize_tensor_input(index, array.shape, strict=True)
                self._shapes[index] = array.shape
        self._interpreter.allocate_tensors()
        for index, array in zip(self._inputs, arrays, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def close(self) -> None:
        """See `Program.close`."""
        del self._interpreter


def _indices(interpreter: Interpreter, kind: str, artifact: Artifact) -> list[int]:
    """Of the artifact's tensors, by name, or by the key in the only signature."""
    details: list[dict[str, Any]] = getattr(interpreter, f"get_{kind}_details")()
    known = {detail["name"]: detail["index"] for detail in details}
    for signature in interpreter.get_signature_list():
        named = getattr(interpreter.get_signature_runner(signature), f"get_{kind}_details")()
        known |= {key: detail["index"] for key, detail in named.items()}
    names = [spec.engine_name for spec in (artifact.inputs if kind == "input" else artifact.outputs)]
    missing = [name for name in names if name not in known]
    if missing:
        raise EngineError(
            f"{artifact.file} has no {kind} {missing[0]}",
            got=", ".join(known),
            remedy="pack the model again: the manifest describes another graph",
        )
    return [known[name] for name in names]
