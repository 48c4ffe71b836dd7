"""The remote engine: what it asks, and what it takes for an answer."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Artifact, TensorSpec
from inference_core.engines import Array
from inference_core.errors import DeadlineError, EngineError, RemoteFailedError, RemoteUnavailableError
from inference_core.remote.balancer import Balancer
from inference_core.remote.connection import Failure
from inference_core.remote.engine import RemoteEngine
from inference_core.remote.watcher import Watcher
from tests.remote.endpoints import ARTIFACT, FakeConnection, endpoint, failing, pictures, plan


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
def engine(connection: FakeConnection) -> Iterator[RemoteEngine]:
    made = make(connection)
    yield made
    made.close()


def make(connection: FakeConnection, artifact: Artifact = ARTIFACT) -> RemoteEngine:
    endpoints = [endpoint(connection)]
    watcher = Watcher(plan(), artifact, endpoints, period=60)
    return RemoteEngine(plan(), artifact, Balancer(plan(), "tiny", endpoints), watcher)


def test_it_gives_what_the_endpoint_gives(engine: RemoteEngine, connection: FakeConnection) -> None:
    outputs = engine.infer(pictures(2), deadline=time.monotonic() + 5)
    np.testing.assert_array_equal(outputs["logits"], [[10, 0, 0]] * 2)
    assert 4.9 < connection.timeouts[0] <= 5


def test_nothing_is_asked_before_the_model_there_was_checked(engine: RemoteEngine, connection: FakeConnection) -> None:
    engine.infer(pictures())
    assert (connection.probes, connection.descriptions) == (1, 1)
    engine.infer(pictures())
    assert (connection.probes, connection.descriptions) == (1, 1)


def test_what_the_artifact_does_not_have_is_left_out(engine: RemoteEngine, connection: FakeConnection) -> None:
    connection.outputs = lambda outputs: {"features": outputs["logits"], **outputs}
    assert list(engine.infer(pictures())) == ["logits"]


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({}, "output logits is none, not float32 [batch, 3]"),
        ({"logits": np.zeros((1, 3))}, "output logits is float64 [1, 3], not float32 [batch, 3]"),
        ({"logits": np.zeros(3, np.float32)}, "output logits is float32 [3], not float32 [batch, 3]"),
        ({"logits": np.zeros((1, 4), np.float32)}, "output logits is float32 [1, 4], not float32 [batch, 3]"),
    ],
)
def test_outputs_that_are_not_the_artifacts_are_garbage(
    engine: RemoteEngine, connection: FakeConnection, outputs: dict[str, Array], said: str
) -> None:
    connection.outputs = lambda _outputs: outputs
    for _ in range(5):
        with pytest.raises(RemoteFailedError, match="http://a:8000 gave an answer that cannot be used") as caught:
            engine.infer(pictures())
        assert caught.value.got == said
    with pytest.raises(RemoteUnavailableError):
        engine.infer(pictures())


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("bfloat16", np.zeros((1, 3), np.float32)),
        ("string", np.array([["a", "b", "c"]], object)),
        ("string", np.array([[b"a", b"b", b"c"]])),
        ("int64", np.zeros((1, 3), np.int64)),
    ],
)
def test_every_dtype_has_its_arrays(connection: FakeConnection, dtype: Any, value: Array) -> None:
    outputs = (TensorSpec(name="logits", dtype=dtype, shape=("batch", 3)),)
    connection.outputs, connection.model = lambda _outputs: {"logits": value}, None
    engine = make(connection, ARTIFACT.model_copy(update={"outputs": outputs}))
    assert engine.infer(pictures())["logits"] is value
    engine.close()


def test_inputs_that_are_not_the_artifacts_are_not_sent(engine: RemoteEngine, connection: FakeConnection) -> None:
    with pytest.raises(EngineError, match="input images does not fit the model"):
        engine.infer({"images": np.zeros((1, 3, 8, 8))})
    assert connection.calls == 0


def test_a_deadline_that_has_passed_asks_nobody(engine: RemoteEngine, connection: FakeConnection) -> None:
    with pytest.raises(DeadlineError):
        engine.infer(pictures(), deadline=time.monotonic() - 1)
    assert connection.calls == 0


def test_being_ready_follows_the_endpoints(engine: RemoteEngine, connection: FakeConnection) -> None:
    connection.probe = failing(Failure.UNREACHABLE, "connection refused")
    engine.warm_up()
    with pytest.raises(RemoteUnavailableError) as caught:
        engine.check_ready()
    assert caught.value.got == "http://a:8000: connection refused"


def test_it_says_where_the_model_runs(engine: RemoteEngine) -> None:
    description = engine.describe()
    assert (description.engine, description.device, description.precision) == ("oip-http", "remote", "fp32")
    assert description.providers == ("http://a:8000", "http://b:8000")
    assert (description.threads, description.instances) == (1, 8)


def test_closing_closes_the_connections(connection: FakeConnection) -> None:
    engine = make(connection)
    engine.warm_up()
    engine.close()
    assert connection.closed
