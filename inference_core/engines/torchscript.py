"""The TorchScript engine: archives run by libtorch through `satchel_torchscript`, without Python torch."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
import satchel_torchscript

from inference_core.bundle.manifest import Artifact
from inference_core.deadline import check_deadline
from inference_core.engines.engine import Array, EngineDescription, EngineOptions, LocalEngine
from inference_core.engines.tensors import check_inputs, warm_up_inputs
from inference_core.errors import EngineError, MissingDependencyError, SatchelError

_ERRORS: dict[str, tuple[type[SatchelError], str | None]] = {
    "bad_archive": (EngineError, "save the model with torch.jit.save and pack it again"),
    "missing_operator": (MissingDependencyError, "export the model without these operators, or to ONNX"),
    "no_device": (MissingDependencyError, "set SATCHEL_DEVICE=cpu, or choose an artifact in fp32"),
    "bad_input": (EngineError, "pack the model again: the manifest describes another graph"),
    "failed": (EngineError, None),
}


class TorchScriptEngine(LocalEngine):
    """Runs TorchScript archives on the CPU or, with a build for GPUs, on one.

    Weights of an artifact in bf16 are rounded when it is loaded; its inputs and outputs stay float32. One module serves
    any number of callers: OpenMP gives each calling thread a team of `threads` of its own.
    """

    def __init__(self, module: satchel_torchscript.Module, artifact: Artifact, options: EngineOptions) -> None:
        self._module = module
        self._artifact = artifact
        self._options = options
        self._notes: list[str] = []

    @classmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """See `Engine.load`."""
        module = open_module(directory / artifact.file, options, bfloat16=artifact.precision == "bf16")
        names = [spec.engine_name for spec in artifact.inputs]
        if sorted(names) != sorted(module.inputs):
            raise EngineError(
                f"{artifact.file} takes other inputs than the manifest says",
                got=", ".join(module.inputs),
                expected=", ".join(names),
                remedy="pack the model again: the manifest describes another graph",
            )
        return cls(module, artifact, options)

    def warm_up(self) -> None:
        """See `Engine.warm_up`. Where fusion would change the answer, the plain graph stays, and a note says so."""
        self._notes.clear()
        for inputs in warm_up_inputs(self._artifact.inputs):
            arrays = self._in_order({name: _ordinary_values(value) for name, value in inputs.items()})
            try:
                report = self._module.prepare(arrays)
            except satchel_torchscript.TorchscriptError as error:
                raise translate(error) from error
            if report.refusal:
                shapes = ", ".join(str(list(value.shape)) for value in arrays)
                self._notes.append(f"not fused for {shapes}: {report.refusal}")

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`."""
        check_inputs(inputs, self._artifact.inputs)
        check_deadline(deadline, "inference")
        try:
            outputs = self._module.run(self._in_order(inputs))
        except satchel_torchscript.TorchscriptError as error:
            raise translate(error) from error
        missing = [spec.engine_name for spec in self._artifact.outputs if spec.engine_name not in outputs]
        if missing:
            raise EngineError(
                f"the model gave no output {missing[0]}",
                got=", ".join(outputs) or "none",
                expected=", ".join(spec.engine_name for spec in self._artifact.outputs),
                remedy="pack the model again: the manifest describes another graph",
            )
        return {spec.name: outputs[spec.engine_name] for spec in self._artifact.outputs}

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription(
            engine="torchscript",
            version=satchel_torchscript.libtorch_version(),
            device=self._options.device,
            providers=(),
            precision=self._artifact.precision,
            threads=self._options.threads,
            instances=self._options.instances,
            notes=tuple(self._notes),
        )

    def close(self) -> None:
        """See `Engine.close`."""
        del self._module

    def _in_order(self, inputs: Mapping[str, Array]) -> list[Array]:
        """The arrays in the order of forward's arguments."""
        by_argument = {spec.engine_name: inputs[spec.name] for spec in self._artifact.inputs}
        return [by_argument[name] for name in self._module.inputs]


def open_module(path: Path, options: EngineOptions, *, bfloat16: bool = False) -> satchel_torchscript.Module:
    """Loads an archive.

    Raises:
        EngineError: it is none, or takes something other than tensors.
        MissingDependencyError: it calls operators, or asks for a device, that are not there.
    """
    try:
        return satchel_torchscript.Module(path, threads=options.threads, device=options.device, bfloat16=bfloat16)
    except satchel_torchscript.TorchscriptError as error:
        raise translate(error) from error


def translate(error: satchel_torchscript.TorchscriptError) -> SatchelError:
    """Our error for one of the native module."""
    kind, remedy = _ERRORS[error.code]
    return kind(str(error), got=error.got or None, expected=error.expected or None, remedy=remedy)


def _ordinary_values(like: Array) -> Array:
    """The same values every time, spread like pixels or features, so that fused and plain answers can be compared."""
    random = np.random.default_rng(math.prod(like.shape))
    if np.issubdtype(like.dtype, np.floating):
        return random.random(like.shape).astype(like.dtype)
    return random.integers(0, 256 if like.dtype == np.uint8 else 2, like.shape).astype(like.dtype)
