"""Endpoints for tests: connections that do what they are told, and servers with bad manners."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from inference_core.bundle import Artifact, TensorSpec
from inference_core.engines import Array
from inference_core.limits import Limits
from inference_core.observer import Silent
from inference_core.predictor import Outcome
from inference_core.remote.breaker import Breaker
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.plan import Credentials, Plan
from tests.stub_engine import ChannelMeans

ARTIFACT = Artifact(
    engine="onnxruntime",
    precision="fp32",
    file="classifier.onnx",
    inputs=(TensorSpec(name="images", dtype="float32", shape=("batch", 3, 8, 8)),),
    outputs=(TensorSpec(name="logits", dtype="float32", shape=("batch", 3)),),
)
"""Of the tiny classifier."""

AGREEING = RemoteModel(
    (RemoteTensor("images", "float32", (-1, 3, 8, 8)),), (RemoteTensor("logits", "float32", (-1, 3)),)
)

PLAN = Plan(
    urls=("http://a:8000", "http://b:8000"),
    protocol="oip-http",
    split="tensors",
    model="tiny",
    version=None,
    signature="serving_default",
    concurrency=8,
    connect=0.2,
    read=10.0,
    retries=2,
    credentials=Credentials(),
)


def plan(**changes: Any) -> Plan:
    """The usual plan, with changes."""
    return replace(PLAN, **changes)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Lets it pass."""
        self.now += seconds


class FakeConnection:
    """The tiny classifier behind a connection that can be told to fail.

    `fails` is what every call fails with, `probe` what every probe does; None is well. `script` fails single calls.
    """

    def __init__(self, url: str = "http://a:8000", clock: Clock | None = None) -> None:
        self.url = url
        self.fails: CallError | None = None
        self.probe: CallError | bool = True
        self.model: RemoteModel | CallError | None = AGREEING
        self.script: list[CallError | None] = []
        self.takes = 0.0
        self.timeouts: list[float] = []
        self.limits: list[Sequence[Limits]] = []
        self.outcomes: list[Outcome] = []
        self.outputs: Callable[[dict[str, Array]], dict[str, Array]] = dict
        self.probes = self.descriptions = 0
        self.closed = False
        self.given: list[Mapping[str, Array]] = []
        self._clock = clock
        self._engine = ChannelMeans()

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self.timeouts)

    def is_ready(self, timeout: float) -> bool:
        self.probes += 1
        if isinstance(self.probe, CallError):
            raise self.probe
        return self.probe

    def describe(self, timeout: float) -> RemoteModel | None:
        self.descriptions += 1
        if isinstance(self.model, CallError):
            raise self.model
        return self.model

    def infer(self, inputs: Mapping[str, Array], timeout: float) -> dict[str, Array]:
        self._go(timeout)
        self.given.append(inputs)
        return self.outputs(self._engine.infer({"images": next(iter(inputs.values()))}))

    def predict(self, images: Sequence[bytes], limits: Sequence[Limits], timeout: float) -> list[Outcome]:
        self._go(timeout)
        self.limits.append(limits)
        return self.outcomes

    def close(self) -> None:
        self.closed = True

    def _go(self, timeout: float) -> None:
        self.timeouts.append(timeout)
        failure = self.script.pop(0) if self.script else self.fails
        late = failure is not None and failure.kind is Failure.TIMEOUT
        if self._clock is not None:
            self._clock.now += timeout if late else self.takes
        if failure is not None:
            raise CallError(failure.kind, failure.said, failure.retry_after)


class Recorder(Silent):
    """Remembers what it was told of endpoints."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.states: dict[str, tuple[bool, int]] = {}
        self._lock = threading.Lock()

    def called(self, model: str, endpoint: str, outcome: str, seconds: float) -> None:
        assert model == "tiny"
        assert seconds >= 0
        with self._lock:
            self.outcomes.append((endpoint, outcome))

    def endpoint(self, model: str, endpoint: str, *, usable: bool, outstanding: int) -> None:
        assert model == "tiny"
        self.states[endpoint] = usable, outstanding


def endpoint(connection: FakeConnection, clock: Clock | None = None, **options: Any) -> Endpoint:
    """An endpoint on `connection`, whose breaker goes by `clock` and pauses for as long as it may."""
    given: dict[str, Any] = {"model": "tiny", "observer": Silent()} | options
    breaker = Breaker(clock=clock or time.monotonic, chance=lambda: 1.0)
    return Endpoint(connection.url, connection, breaker=breaker, **given)


def failing(kind: Failure, said: str = "no luck", retry_after: float | None = None) -> CallError:
    """A call's failure."""
    return CallError(kind, said, retry_after)


def pictures(count: int = 1) -> dict[str, Array]:
    """Inputs of the tiny classifier: [count, 3, 8, 8], red."""
    images = np.zeros((count, 3, 8, 8), np.float32)
    images[:, 0] = 1.0
    return {"images": images}


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Until something holds, for `seconds` at most."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.005)
