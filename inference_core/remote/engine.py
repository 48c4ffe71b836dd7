"""The engine whose model runs at the remote service."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from inference_core.bundle import Artifact, TensorSpec
from inference_core.engines import Array, Engine, EngineDescription
from inference_core.engines.tensors import check_inputs, describe_shape
from inference_core.remote.balancer import Balancer
from inference_core.remote.connection import CallError, Connection, Failure
from inference_core.remote.plan import Plan
from inference_core.remote.watcher import Watcher

T = TypeVar("T")


class RemoteEngine(Engine):
    """Runs the model where the plan says. A call that fails is not made again for the parts of its batch: the balancer
    has tried what there was to try, and none of the ways in which it fails depends on a single picture.

    Args:
        plan: where, and how.
        artifact: whose tensors the model there has.
        balancer: chooses the endpoint of each call; closed with the engine.
        watcher: of the same endpoints; closed with the engine.
    """

    def __init__(self, plan: Plan, artifact: Artifact, balancer: Balancer, watcher: Watcher) -> None:
        self._plan, self._artifact = plan, artifact
        self._balancer, self._watcher = balancer, watcher

    def warm_up(self) -> None:
        """Finds out which endpoints are ready; that none is makes no difference.

        Raises:
            EngineError: the model at one of them is not the bundle's.
        """
        self._watcher.start()

    def check_ready(self) -> None:
        """Raises RemoteUnavailableError where no endpoint is known to be well."""
        self._balancer.check_ready()

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Engine.infer`.

        Raises:
            EngineError: an input has the wrong name, dtype or shape.
            DeadlineError, RemoteUnavailableError, RemoteFailedError: see `Balancer.call`.
        """
        check_inputs(inputs, self._artifact.inputs)
        return self.ask(lambda connection, timeout: self._read(connection.infer(inputs, timeout)), deadline)

    def ask(self, function: Callable[[Connection, float], T], deadline: float | None) -> T:
        """See `Balancer.call`."""
        self._watcher.start()  # for callers that have not warmed up, so that nothing unchecked is asked
        return self._balancer.call(function, deadline)

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription(
            engine=self._plan.protocol,
            version="",
            device="remote",
            providers=self._plan.urls,
            precision=self._artifact.precision,
            threads=1,
            instances=self._plan.concurrency,
        )

    def close(self) -> None:
        """See `Engine.close`."""
        self._watcher.close()
        self._balancer.close()

    def _read(self, outputs: Mapping[str, Array]) -> dict[str, Array]:
        """The artifact's outputs. Raises CallError where they are not as it has them."""
        for spec in self._artifact.outputs:
            value = outputs.get(spec.name)
            if value is None or not _is(value, spec):
                got = "none" if value is None else f"{value.dtype.name} {list(value.shape)}"
                wanted = f"{spec.dtype} {describe_shape(spec.shape)}"
                raise CallError(Failure.GARBAGE, f"output {spec.name} is {got}, not {wanted}")
        return {spec.name: outputs[spec.name] for spec in self._artifact.outputs}


def _is(value: Array, spec: TensorSpec) -> bool:
    return (
        _has_dtype(value, spec)
        and value.ndim == len(spec.shape)
        and all(size == axis for size, axis in zip(value.shape, spec.shape, strict=True) if isinstance(axis, int))
    )


def _has_dtype(value: Array, spec: TensorSpec) -> bool:
    match spec.dtype:
        case "string":
            return value.dtype.kind in "OSU"
        case "bfloat16":  # which connections widen, as NumPy has no such type
            return value.dtype.name in ("bfloat16", "float32")
        case dtype:
            return value.dtype.name == dtype
