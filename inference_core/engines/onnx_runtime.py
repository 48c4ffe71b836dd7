"""The onnxruntime engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import onnxruntime as ort

from inference_core.bundle.manifest import Artifact, TensorSpec
from inference_core.deadline import check_deadline
from inference_core.engines.engine import Array, Engine, EngineDescription, EngineOptions
from inference_core.engines.tensors import check_inputs, warm_up_inputs
from inference_core.errors import EngineError, MissingDependencyError

_WARM_UP_RUNS = 2
_ERRORS_ONLY = 3


class OnnxRuntimeEngine(Engine):
    """Runs ONNX graphs through onnxruntime, on the CPU or, with its CUDA build, on a GPU."""

    def __init__(self, session: ort.InferenceSession, artifact: Artifact, options: EngineOptions) -> None:
        self._session = session
        self._artifact = artifact
        self._options = options
        self._outputs = [spec.engine_name for spec in artifact.outputs]

    @classmethod
    def load(cls, artifact: Artifact, directory: Path, options: EngineOptions) -> Self:
        """See `Engine.load`."""
        providers = _providers(options.device)
        path = directory / artifact.file
        try:
            session = ort.InferenceSession(str(path), session_options(options), providers=providers)
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise EngineError(
                f"onnxruntime {ort.__version__} cannot load {artifact.file}",
                got=str(error).strip().splitlines()[0],
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
        _check_names(session, artifact)
        return cls(session, artifact, options)

    def warm_up(self) -> None:
        """See `Engine.warm_up`."""
        for inputs in warm_up_inputs(self._artifact.inputs):
            for _ in range(_WARM_UP_RUNS):
                self.infer(inputs)

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`."""
        check_inputs(inputs, self._artifact.inputs)
        check_deadline(deadline, "inference")
        feed = {spec.engine_name: inputs[spec.name] for spec in self._artifact.inputs}
        try:
            values = self._session.run(self._outputs, feed)
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise EngineError(f"onnxruntime failed while running {self._artifact.file}", got=str(error)) from error
        return {spec.name: value for spec, value in zip(self._artifact.outputs, values, strict=True)}

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription(
            engine="onnxruntime",
            version=ort.__version__,
            device=self._options.device,
            providers=tuple(self._session.get_providers()),
            precision=self._artifact.precision,
            threads=self._options.threads,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        del self._session


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


def _providers(device: str) -> list[str | tuple[str, dict[str, Any]]]:
    if device == "cpu":
        return ["CPUExecutionProvider"]
    kind, _, index = device.partition(":")
    if kind != "cuda":
        raise EngineError(
            f"onnxruntime has no device {device}",
            expected="cpu, cuda or cuda:N",
            remedy="set SATCHEL_DEVICE to one of these",
        )
    available = ort.get_available_providers()
    if "CUDAExecutionProvider" not in available:
        raise MissingDependencyError(
            f"this onnxruntime cannot use device {device}",
            got=", ".join(available),
            expected="CUDAExecutionProvider",
            remedy="install onnxruntime-gpu in place of onnxruntime, or set SATCHEL_DEVICE=cpu",
        )
    return [("CUDAExecutionProvider", {"device_id": index or "0"})]


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
