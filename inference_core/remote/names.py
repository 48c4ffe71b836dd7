"""What an endpoint calls the tensors that a bundle has names for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.predictor import Outcome
from inference_core.remote.connection import CallError, Connection, Failure, RemoteModel


@dataclass(frozen=True, slots=True)
class Names:
    """By the bundle's names, the endpoint's."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def are_ours(self) -> bool:
        """Whether there is nothing to translate."""
        return all(ours == theirs for names in (self.inputs, self.outputs) for ours, theirs in names.items())


class Interpreter:
    """A connection that takes and gives tensors by the bundle's names.

    Args:
        connection: asks the endpoint, which has names of its own.
        names: those.
    """

    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection, self._names = connection, names

    def is_ready(self, timeout: float) -> bool:
        """See `Connection.is_ready`."""
        return self._connection.is_ready(timeout)

    def describe(self, timeout: float) -> RemoteModel | None:
        """See `Connection.describe`. By the endpoint's names."""
        return self._connection.describe(timeout)

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        """See `Connection.infer`."""
        given = {self._names.inputs[name]: value for name, value in inputs.items()}
        outputs = self._connection.infer(given, timeout)
        missing = sorted(set(self._names.outputs.values()) - outputs.keys())
        if missing:
            raise CallError(Failure.GARBAGE, f"an answer without output {missing[0]}")
        return {ours: outputs[theirs] for ours, theirs in self._names.outputs.items()}

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> list[Outcome]:
        """See `Connection.predict`."""
        return self._connection.predict(images, limits, timeout)

    def close(self) -> None:
        """See `Connection.close`."""
        self._connection.close()
