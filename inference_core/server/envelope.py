"""The envelope around every HTTP request: an id, the time it took, and word of it to log, metrics and traces."""

import re
import secrets
from time import perf_counter
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_core.server.exchange import CLIENT_LEFT, UNMATCHED, Exchange, known_method
from inference_core.server.logs import current_request, log_exchange
from inference_core.tasks import Timings

if TYPE_CHECKING:
    from inference_core.server.metrics import Metrics
    from inference_core.server.traces import Traces

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_MODEL_PARAMETERS = ("name", "model", "model_name")


class Envelope:
    """ASGI middleware; belongs outside every other, so that it sees each answer as it leaves.

    Takes the `X-Request-Id` of the request, or makes one where it is missing or odd, and puts it in
    `request.state.request_id` and in the answer. Tells in `Server-Timing` how long the whole took, and each stage where
    a route left its `Timings` in `request.state.timings`.

    Args:
        app: what answers.
        metrics: counts, and knows which models there are.
        traces: where spans go; None where tracing is off.
    """

    def __init__(self, app: ASGIApp, metrics: "Metrics", traces: "Traces | None" = None) -> None:
        self._app = app
        self._metrics = metrics
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        watch = _Watch(scope, receive, send)
        token = current_request.set(watch.request_id)
        try:
            await self._app(scope, watch.receive, watch.send)
        finally:
            self._tell(watch.exchange(self._metrics))
            current_request.reset(token)

    def _tell(self, exchange: Exchange) -> None:
        self._metrics.http_request(exchange.method, exchange.route, exchange.status, exchange.seconds)
        if exchange.is_probe:
            return
        log_exchange(exchange)
        if self._traces is not None:
            self._traces.record(exchange)


class _Watch:
    """Stands between a request's application and its server, and notes what passes."""

    __slots__ = ("_answered", "_began", "_left", "_receive", "_scope", "_send", "_state", "_status", "request_id")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._began = perf_counter()
        self._answered: float | None = None
        self._left = False
        self._status = 500  # what an application that answers nothing comes to
        self._scope, self._receive, self._send = scope, receive, send
        self.request_id = _request_id(scope)
        self._state = scope.setdefault("state", {})
        self._state["request_id"] = self.request_id

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._answered is None:
            self._left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._answered = perf_counter() - self._began
            self._status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self.request_id.encode()),
                (b"server-timing", server_timing(self._timings, self._answered).encode()),
            ]
        await self._send(message)

    def exchange(self, metrics: "Metrics") -> Exchange:
        """What is to be told, now that the application is through with the request."""
        scope, seconds = self._scope, perf_counter() - self._began
        return Exchange(
            request_id=self.request_id,
            method=known_method(scope["method"]),
            route=route_of(scope),
            path=scope["path"],
            model=_model(scope, metrics),
            status=CLIENT_LEFT if self._left else self._status,
            seconds=seconds,
            answered=seconds if self._answered is None else self._answered,
            timings=self._timings,
            scheme=scope.get("scheme", "http"),
            headers=scope["headers"],
        )

    @property
    def _timings(self) -> Timings | None:
        timings: Timings | None = self._state.get("timings")
        return timings


def server_timing(timings: Timings | None, seconds: float) -> str:
    """The value of the `Server-Timing` header (W3C), in milliseconds."""
    total = f"total;dur={seconds * 1e3:.3f}"
    if timings is None:
        return total
    return (
        f"queue;dur={timings.queue:.3f}, decode;dur={timings.decode:.3f}, preprocess;dur={timings.preprocess:.3f}, "
        f"infer;dur={timings.infer:.3f}, postprocess;dur={timings.postprocess:.3f}, {total}"
    )


def route_of(scope: Scope) -> str:
    """The template of the route that took the request, prefixes of routers included, or `UNMATCHED`."""
    # FastAPI leaves a router's own route in `route`, without the prefix that the router was included with.
    route = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    template = getattr(route, "path_format", None)
    if isinstance(template, str):
        return template
    if "endpoint" not in scope:
        return UNMATCHED
    path = scope["path"].removeprefix(scope.get("root_path", ""))  # plain routes, such as /docs, are named nowhere
    return path if any(getattr(route, "path", None) == path for route in scope["app"].routes) else UNMATCHED


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode() if _REQUEST_ID.fullmatch(value) else secrets.token_hex(16)
    return secrets.token_hex(16)


def _model(scope: Scope, metrics: "Metrics") -> str | None:
    parameters = scope.get("path_params", {})
    for name in _MODEL_PARAMETERS:
        if name in parameters:
            model = str(parameters[name])
            return model if metrics.knows(model) else None
    return None
