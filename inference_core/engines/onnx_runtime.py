"""The onnxruntime engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import onnxruntime as ort

from inference_core.bundle.manifest import Artifact
from inference_core.bundle.tensors import TensorSpec
from inference_core.engines.device import cuda_index
from inference_core.engines.engine import Array, EngineDescription, EngineOptions, LocalEngine
from inference_core.engines.pool import Pool, SharedPool
from inference_core.engines.tensors import check_inputs, warm_up_inputs
from inference_core.errors import EngineError, MissingDependencyError, first_line

_WARM_UP_RUNS = 2
_ERRORS_ONLY = 3


class OnnxRuntimeEngine(LocalEngine):
    """Runs ONNX graphs through onnxruntime, on the CPU or, with its CUDA build, on a GPU.

    A session of one thread serves any number of callers, each on the caller's own thread. One of more threads has a
    single set of them: there are `instances` such sessions, each with weights of its own.
    """

    def __init__(self, sessions: Pool[ort.InferenceSession], artifact: Artifact, options: EngineOptions) -> None:
        self._sessions = sessions
        self._artifact = artifact
        self._options = options
        self._outputs = [spec.engine_name for spec in artifact.outputs]

    @classmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """See `Engine.load`."""
        first = _open(artifact, directory, options)
        _check_names(first, artifact)
        if options.threads == 1 or options.instances == 1:
            return cls(SharedPool(first), artifact, options)
        others = [_open(artifact, directory, options) for _ in range(options.instances - 1)]
        return cls(Pool([first, *others]), artifact, options)

    def warm_up(self) -> None:
        """See `Engine.warm_up`."""
        for inputs in warm_up_inputs(self._artifact.inputs):
            for _ in range(_WARM_UP_RUNS * len(self._sessions.instances)):
                self.infer(inputs)

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`."""
        check_inputs(inputs, self._artifact.inputs)
        feed = {spec.engine_name: inputs[spec.name] for spec in self._artifact.inputs}
        with self._sessions.lend(deadline) as session:
            try:
                values = session.run(self._outputs, feed)
            except Exception as error:  # onnxruntime's exceptions share no base class
                raise EngineError(f"onnxruntime failed while running {self._artifact.file}", got=str(error)) from error
        return {spec.name: value for spec, value in zip(self._artifact.outputs, values, strict=True)}

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription(
            engine="onnxruntime",
            version=ort.__version__,
            device=self._options.device,
            providers=tuple(self._sessions.instances[0].get_providers()),
            precision=self._artifact.precision,
            threads=self._options.threads,
            instances=self._options.instances,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        del self._sessions


def session_options(options: EngineOptions) -> ort.SessionOptions:
    """Every choice stated, since onnxruntime's defaults follow the host's cores, not the quota."""
    chosen = ort.SessionOptions()
    chosen.intra_op_num_threads = options.threads
    chosen.inter_op_num_threads = 1
    chosen.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    chosen.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    chosen.log_severity_level = _ERRORS_ONLY
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "1" if options.spin else "0")
    return chosen


def _open(artifact: Artifact, directory: Path, options: EngineOptions) -> ort.InferenceSession:
    providers = _providers(options.device)
    path = directory / artifact.file
    try:
        session = ort.InferenceSession(str(path), session_options(options), providers=providers)
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise EngineError(
            f"onnxruntime {ort.__version__} cannot load {artifact.file}",
            got=first_line(error),
            remedy="check that the file is a whole ONNX model of an opset this version knows",
        ) from error
    wanted = [p if isinstance(p, str) else p[0] for p in providers]
    # onnxruntime prints and goes on with the CPU when a provider cannot start.
    if session.get_providers()[: len(wanted)] != wanted:
        raise MissingDependencyError(
            f"onnxruntime could not start {wanted[0]}",
            got=", ".join(session.get_providers()),
            expected=", ".join(wanted),
            remedy="check the GPU driver and its libraries, or set SATCHEL_DEVICE=cpu",
        )
    return session


def _providers(device: str) -> list[str | tuple[str, dict[str, Any]]]:
    index = cuda_index(device, "onnxruntime")
    if index is None:
        return ["CPUExecutionProvider"]
    available = ort.get_available_providers()
    if "CUDAExecutionProvider" not in available:
        raise MissingDependencyError(
            f"this onnxruntime cannot use device {device}",
            got=", ".join(available),
            expected="CUDAExecutionProvider",
            remedy="install onnxruntime-gpu in place of onnxruntime, or set SATCHEL_DEVICE=cpu",
        )
    return [("CUDAExecutionProvider", {"device_id": str(index)})]


def _check_names(session: ort.InferenceSession, artifact: Artifact) -> None:
    for kind, specs, nodes in (
        ("input", artifact.inputs, session.get_inputs()),
        ("output", artifact.outputs, session.get_outputs()),
    ):
        missing = _missing(specs, [node.name for node in nodes])
        if missing:
            raise EngineError(
                f"{artifact.file} has no {kind} {missing}",
                got=", ".join(node.name for node in nodes),
                remedy="pack the model again: the manifest describes another graph",
            )


def _missing(specs: tuple[TensorSpec, ...], names: list[str]) -> str | None:
    return next((spec.engine_name for spec in specs if spec.engine_name not in names), None)
