"""Metrics for Prometheus: what the engine room and the doors tell, counted."""

import asyncio
import os
import platform
import threading
from typing import TYPE_CHECKING, get_args

from starlette.requests import Request
from starlette.responses import Response

from inference_core import __version__
from inference_core.observer import ModelState
from inference_core.server.direct import DirectRoute
from inference_core.server.exchange import STAGES
from inference_core.server.exposition import exposition, forget, shared_directory
from inference_core.tasks import Timings

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_STATES: tuple[ModelState, ...] = get_args(ModelState)
_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """An `Observer` that counts, in a registry of its own. Its methods are quick and may be called from any thread.

    Where `PROMETHEUS_MULTIPROC_DIR` is set the values lie in that directory, and `text` adds up those of every process:
    see `prepare_multiprocess`.
    """

    def __init__(self) -> None:
        self._instruments = _Instruments()
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str], ModelState] = {}
        self._known: set[str] = set()
        # Children found by prometheus_client itself cost a lock and a tuple of strings each time.
        self._exchanges: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._models: dict[str, _OfModel] = {}

    def waiting(self, model: str, count: int) -> None:
        """See `Observer.waiting`."""
        self._of(model).waiting.set(count)

    def capacity(self, model: str, count: int) -> None:
        """So many requests of `model` may run or wait; more are refused. From here on it has numbers: none wait yet."""
        self._instruments.capacity.labels(model).set(count)
        self._instruments.waiting.labels(model)

    def batch(self, model: str, size: int) -> None:
        """See `Observer.batch`."""
        self._of(model).batch_size.observe(size)

    def answered(self, model: str, timings: Timings) -> None:
        """See `Observer.answered`."""
        of = self._of(model)
        of.predictions.inc()
        total = 0.0
        for stage, histogram in of.stages:
            seconds = getattr(timings, stage) / 1e3
            histogram.observe(seconds)
            total += seconds
        of.seconds.observe(total)

    def failed(self, model: str, code: str) -> None:
        """See `Observer.failed`."""
        self._instruments.errors.labels(model, code).inc()

    def state(self, model: str, version: str, state: ModelState) -> None:
        """See `Observer.state`."""
        with self._lock:
            self._known.add(model)
            self._states[model, version] = state
            for each in _STATES:
                self._instruments.model_state.labels(model, version, each).set(each == state)
            self._instruments.loaded.set(sum(other == "ready" for other in self._states.values()))

    def called(self, model: str, endpoint: str, outcome: str, seconds: float) -> None:
        """See `Observer.called`."""
        self._instruments.endpoint_calls.labels(model, endpoint, outcome).inc()
        self._instruments.endpoint_seconds.labels(model, endpoint).observe(seconds)

    def endpoint(self, model: str, endpoint: str, *, usable: bool, outstanding: int) -> None:
        """See `Observer.endpoint`."""
        self._instruments.endpoint_usable.labels(model, endpoint).set(usable)
        self._instruments.endpoint_outstanding.labels(model, endpoint).set(outstanding)

    def overflowed(self, model: str) -> None:
        """See `Observer.overflowed`."""
        self._instruments.overflowed.labels(model).inc()

    def knows(self, model: str) -> bool:
        """Whether a model of this name has ever had a state here: only such names become labels."""
        return model in self._known

    def http_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answer over HTTP. `method` and `route` must come from small sets: known methods, templates of routes."""
        bound = self._exchanges.get((method, route, status))
        if bound is None:
            own = self._instruments
            bound = own.requests.labels(method, route, str(status)), own.request_seconds.labels(route)
            self._exchanges[method, route, status] = bound
        bound[0].inc()
        bound[1].observe(seconds)

    def grpc_request(self, method: str, code: str, seconds: float) -> None:
        """One answer over gRPC. `method` must be one that the server has, `code` the name of a status."""
        self._instruments.calls.labels(method, code).inc()
        self._instruments.call_seconds.labels(method).observe(seconds)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """What Prometheus reads, and its content type, by the `Accept` header. Reads files: not for the event loop."""
        return exposition(self._instruments.registry, accept)

    def _of(self, model: str) -> "_OfModel":
        bound = self._models.get(model)
        if bound is None:
            bound = self._models[model] = _OfModel(self._instruments, model)
        return bound


class _Instruments:
    """Every metric there is."""

    def __init__(self) -> None:
        several = shared_directory() is not None
        if several:
            forget(os.getpid())  # an earlier process may have had this one's number
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        # When a series began: several processes cannot tell, and it doubles the text.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        own = self.registry = CollectorRegistry()
        if not several:
            ProcessCollector(registry=own)
        self.requests = Counter("satchel_http_requests", "HTTP requests", ["method", "route", "status"], registry=own)
        self.calls = Counter("satchel_grpc_requests", "gRPC requests", ["method", "code"], registry=own)
        self.predictions = Counter("satchel_predictions", "Pictures with an answer", ["model"], registry=own)
        self.errors = Counter("satchel_prediction_errors", "Pictures with an error", ["model", "code"], registry=own)
        self.overflowed = Counter("satchel_overflowed", "Requests the mode could not take", ["model"], registry=own)
        self.endpoint_calls = Counter(
            "satchel_endpoint_calls", "Calls of a remote endpoint", ["model", "endpoint", "outcome"], registry=own
        )

        def histogram(name: str, doc: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
            return Histogram(name, doc, labels, buckets=buckets, registry=own)

        self.request_seconds = histogram("satchel_http_request_seconds", "Time of an HTTP request", "route")
        self.call_seconds = histogram("satchel_grpc_request_seconds", "Time of a gRPC request", "method")
        self.seconds = histogram("satchel_prediction_seconds", "Time of a picture, all stages together", "model")
        self.stage_seconds = histogram("satchel_stage_seconds", "Time of a stage of a picture", "model", "stage")
        self.endpoint_seconds = histogram(
            "satchel_endpoint_seconds", "Time of a call of a remote endpoint", "model", "endpoint"
        )
        self.batch_size = histogram("satchel_batch_size", "Pictures of one inference", "model", buckets=_SIZES)

        def gauge(name: str, doc: str, *labels: str, add: bool = False) -> Gauge:
            return Gauge(name, doc, labels, multiprocess_mode="livesum" if add else "livemax", registry=own)

        self.waiting = gauge("satchel_waiting", "Requests that run or wait", "model", add=True)
        self.capacity = gauge("satchel_queue_capacity", "Requests that may run or wait", "model", add=True)
        self.model_state = gauge("satchel_model_state", "1 in this state, else 0", "model", "version", "state")
        self.endpoint_usable = gauge(
            "satchel_endpoint_usable", "1 if a remote endpoint may be asked, else 0", "model", "endpoint"
        )
        self.endpoint_outstanding = gauge(
            "satchel_endpoint_outstanding", "Calls of a remote endpoint under way", "model", "endpoint", add=True
        )
        self.loaded = gauge("satchel_models_loaded", "Models that are ready")
        info = gauge("satchel_info", "What runs; always 1", "version", "python")
        info.labels(__version__, platform.python_version()).set(1)


class _OfModel:
    """The instruments of one model, for what happens with every request."""

    __slots__ = ("batch_size", "predictions", "seconds", "stages", "waiting")

    def __init__(self, instruments: _Instruments, model: str) -> None:
        self.waiting = instruments.waiting.labels(model)
        self.batch_size = instruments.batch_size.labels(model)
        self.predictions = instruments.predictions.labels(model)
        self.seconds = instruments.seconds.labels(model)
        self.stages = [(stage, instruments.stage_seconds.labels(model, stage)) for stage in STAGES]


async def show_metrics(request: Request) -> Response:
    """Counters, histograms and gauges of every process of this server: text, or OpenMetrics by `Accept`."""
    metrics: Metrics = request.app.state.metrics
    body, kind = await asyncio.to_thread(metrics.text, request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": kind})


DIRECT = (DirectRoute("GET", "/metrics", show_metrics),)
