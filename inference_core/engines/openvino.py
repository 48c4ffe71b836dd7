"""The OpenVINO engine."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import openvino as ov

from inference_core.bundle.manifest import Artifact
from inference_core.bundle.tensors import TensorSpec
from inference_core.engines.device import cuda_index
from inference_core.engines.engine import Array, EngineDescription, EngineOptions, LocalEngine
from inference_core.engines.pool import Pool
from inference_core.engines.tensors import check_inputs, warm_up_inputs
from inference_core.errors import EngineError, MissingDependencyError, first_line

_WARM_UP_RUNS = 2
_PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
"""What is computed in; for int8, wherever the graph is not quantised."""


class OpenVinoEngine(LocalEngine):
    """Runs OpenVINO's own models, and ONNX graphs, on the CPU.

    `instances` are streams of one compiled model: the weights are in memory once.
    """

    def __init__(self, model: ov.CompiledModel, artifact: Artifact, options: EngineOptions) -> None:
        self._artifact = artifact
        self._options = options
        self._notes = _notes(model, artifact)
        self._outputs = [_index(model.outputs, spec) for spec in artifact.outputs]
        self._requests = Pool([model.create_infer_request() for _ in range(options.instances)])

    @classmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """See `Engine.load`."""
        if cuda_index(options.device, "openvino") is not None:
            raise MissingDependencyError(
                f"openvino cannot use device {options.device}",
                expected="cpu",
                remedy="set SATCHEL_DEVICE=cpu, or choose an artifact of another engine",
            )
        with _translated(
            f"openvino {_version()} cannot load {artifact.file}",
            "check that the file is whole, with its .bin beside it, and of a version that this one reads",
        ):
            core = _core()
            model = core.read_model(str(directory / artifact.file))
            compiled = core.compile_model(model, "CPU", compile_options(artifact, options))
        for kind, specs, ports in (
            ("input", artifact.inputs, compiled.inputs),
            ("output", artifact.outputs, compiled.outputs),
        ):
            _check_names(artifact.file, kind, specs, ports)
        return cls(compiled, artifact, options)

    def warm_up(self) -> None:
        """See `Engine.warm_up`. All requests run at once, so that each stream has its turn."""
        for inputs in warm_up_inputs(self._artifact.inputs):
            for _ in range(_WARM_UP_RUNS):
                with self._failing():
                    for request in self._requests.instances:
                        request.start_async(self._feed(inputs), share_inputs=True)
                    for request in self._requests.instances:
                        request.wait()

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`."""
        check_inputs(inputs, self._artifact.inputs)
        with self._requests.lend(deadline) as request, self._failing():
            # Inputs are read where they lie; outputs are copied, since the request writes its own again.
            values = request.infer(self._feed(inputs), share_inputs=True)
            return {spec.name: values[i] for spec, i in zip(self._artifact.outputs, self._outputs, strict=True)}

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription(
            engine="openvino",
            version=_version(),
            device=self._options.device,
            providers=(),
            precision=self._artifact.precision,
            threads=self._options.threads,
            instances=self._options.instances,
            notes=self._notes,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        del self._requests

    def _feed(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return {spec.engine_name: inputs[spec.name] for spec in self._artifact.inputs}

    @contextmanager
    def _failing(self) -> Iterator[None]:
        with _translated(f"openvino failed while running {self._artifact.file}", None):
            yield


@functools.cache
def _core() -> ov.Core:
    """One for the process, and never freed: its CPU part gives the calling thread another stack for signals, and frees
    that with itself, wherever that happens; the next signal would then end the process."""
    return ov.Core()


def compile_options(artifact: Artifact, options: EngineOptions) -> dict[str, Any]:
    """Every choice stated, since OpenVINO's defaults follow the CPU: bf16 where it has that, all cores, pinned."""
    return {
        "INFERENCE_PRECISION_HINT": _PRECISIONS[artifact.precision],
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # int8 only where the graph says so
        "NUM_STREAMS": options.instances,
        "INFERENCE_NUM_THREADS": options.threads * options.instances,
        "SCHEDULING_CORE_TYPE": "ANY_CORE",
        "ENABLE_HYPER_THREADING": True,  # else it takes fewer threads than asked for where CPUs share a core
        "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same CPUs
        "CACHE_DIR": "",
    }


def _notes(model: ov.CompiledModel, artifact: Artifact) -> tuple[str, ...]:
    """Where the CPU lacks the precision, OpenVINO takes another one, or emulates it, without a word."""
    asked = _PRECISIONS[artifact.precision]
    taken = model.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    instructions = model.get_property("RUNTIME_REQUIREMENTS").partition("isa=")[2]
    notes = [f"runs in {taken}: this CPU has no {asked}"] if taken != asked else []
    if taken == "bf16" and "bfloat16" not in instructions:
        notes.append(f"emulates bf16, which is slower than f32: this CPU has {instructions}")
    return tuple(notes)


def _check_names(file: str, kind: str, specs: Sequence[TensorSpec], ports: Sequence[ov.ConstOutput]) -> None:
    names = [name for port in ports for name in sorted(port.names)]
    missing = [spec.engine_name for spec in specs if spec.engine_name not in names]
    if missing:
        raise EngineError(
            f"{file} has no {kind} {missing[0]}",
            got=", ".join(names),
            remedy="pack the model again: the manifest describes another graph",
        )


def _index(ports: Sequence[ov.ConstOutput], spec: TensorSpec) -> int:
    return next(index for index, port in enumerate(ports) if spec.engine_name in port.names)


def _version() -> str:
    """Without the number and the hash of the build."""
    return str(ov.__version__).partition("-")[0]


@contextmanager
def _translated(message: str, remedy: str | None) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise EngineError(message, got=_first_fact(error), remedy=remedy) from error


def _first_fact(error: Exception) -> str:
    """OpenVINO says first where in its sources it failed, then why."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = (line for line in lines if line and not line.startswith(("Exception from", "Check '")) and line[-1] != ":")
    return next(told, first_line(error))
