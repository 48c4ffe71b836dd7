"""Traces by OpenTelemetry: a span for each request, and inside it one for each stage. Off unless asked for."""

import time
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from inference_core import __version__
from inference_core.dependencies import require
from inference_core.errors import SettingsError
from inference_core.server.exchange import STAGES, Exchange

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_AZURE = "azure_monitor_opentelemetry_exporter"
_AZURE_KEY = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class Traces:
    """Makes spans of finished requests.

    Has a provider of its own: with a global one FastAPI would add spans for every request too.

    Args:
        provider: where the spans go; shut down by `close`.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("satchel", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def record(self, exchange: Exchange) -> None:
        """A server span, within the trace that the request's `traceparent` names (W3C), and one for each stage."""
        from opentelemetry.trace import SpanKind, StatusCode

        ended = time.time_ns()
        began = ended - round(exchange.seconds * 1e9)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in exchange.headers}
        span = self._tracer.start_span(
            f"{exchange.method} {exchange.route}",
            context=self._propagator.extract(headers),
            kind=SpanKind.SERVER,
            attributes=_attributes(exchange),
            start_time=began,
        )
        if exchange.status >= 500:
            span.set_status(StatusCode.ERROR)
        if span.is_recording():
            self._add_stages(span, exchange, began)
        span.end(ended)

    def close(self) -> None:
        """Sends what is still here, and stops."""
        self._provider.shutdown()

    def _add_stages(self, span: "Span", exchange: Exchange, began: int) -> None:
        """One after the other, the last ending as the answer began: timings say how long, not when."""
        from opentelemetry.trace import set_span_in_context

        timings = exchange.timings
        if timings is None:
            return
        lengths = {stage: round(getattr(timings, stage) * 1e6) for stage in STAGES}
        start = max(began, began + round(exchange.answered * 1e9) - sum(lengths.values()))
        context = set_span_in_context(span)
        for stage, length in lengths.items():
            self._tracer.start_span(stage, context=context, start_time=start).end(start + length)
            start += length


def traces_from_environment(environment: Mapping[str, str]) -> Traces | None:
    """What OpenTelemetry's own variables ask for; None where they ask for nothing.

    An OTLP endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT`) or `OTEL_TRACES_EXPORTER` (otlp, console, none, or
    azure_monitor_opentelemetry_exporter; several with commas) turn tracing on, and so does Azure Monitor's connection
    string, except in a Function: there the host has it for itself, and reports requests already.

    Raises:
        SettingsError: an exporter or a protocol that is not to be had.
        MissingDependencyError: its package is not installed.
    """
    names = _names(environment)
    if not names:
        return None
    unknown = [name for name in names if name not in _EXPORTERS]
    if unknown:
        raise SettingsError(
            "OTEL_TRACES_EXPORTER cannot be used", got=", ".join(unknown), expected=f"none, {', '.join(_EXPORTERS)}"
        )
    _require("opentelemetry.sdk.trace", "otel")
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = OTELResourceDetector().detect().attributes
    ours = {"service.name": "satchel", "service.version": __version__}
    exporters = [_EXPORTERS[name](environment) for name in names]
    provider = TracerProvider(resource=Resource.create({**ours, **named}))  # closes at exit where nobody else does
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return Traces(provider)


def _names(environment: Mapping[str, str]) -> list[str]:
    """The exporters that are asked for."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return []
    chosen = environment.get("OTEL_TRACES_EXPORTER")
    if chosen:
        return [name.strip() for name in chosen.split(",") if name.strip() != "none"]
    names = ["otlp"] if any(environment.get(name) for name in _ENDPOINTS) else []
    if environment.get(_AZURE_KEY) and "FUNCTIONS_WORKER_RUNTIME" not in environment:
        names.append(_AZURE)
    return names


def _otlp(environment: Mapping[str, str]) -> "SpanExporter":
    for name in _PROTOCOLS:
        if environment.get(name, "http/protobuf") != "http/protobuf":
            raise SettingsError(
                f"{name} cannot be used", got=environment[name], expected="http/protobuf", remedy=f"unset {name}"
            )
    _require("opentelemetry.exporter.otlp.proto.http", "otel")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _console(_: Mapping[str, str]) -> "SpanExporter":
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    return ConsoleSpanExporter()


def _azure(environment: Mapping[str, str]) -> "SpanExporter":
    if not environment.get(_AZURE_KEY):
        raise SettingsError(f"{_AZURE} needs {_AZURE_KEY}", remedy="set it to the connection string of the resource")
    _require("azure.monitor.opentelemetry.exporter", "otel-azure")
    from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

    connection = environment[_AZURE_KEY]
    exporter: SpanExporter = AzureMonitorTraceExporter(connection_string=connection, disable_offline_storage=True)
    return exporter


_EXPORTERS: dict[str, Callable[[Mapping[str, str]], "SpanExporter"]] = {
    "otlp": _otlp,
    "console": _console,
    _AZURE: _azure,
}


def _require(package: str, extra: str) -> None:
    for part in accumulate(package.split("."), "{}.{}".format):  # its parents first: they may be missing too
        require(part, extra=extra, purpose="tracing")


def _attributes(exchange: Exchange) -> dict[str, str | int]:
    """By OpenTelemetry's conventions for HTTP servers."""
    attributes: dict[str, str | int] = {
        "http.request.method": exchange.method,
        "http.route": exchange.route,
        "http.response.status_code": exchange.status,
        "url.path": exchange.path,
        "url.scheme": exchange.scheme,
        "satchel.request_id": exchange.request_id,
    }
    if exchange.model is not None:
        attributes["satchel.model"] = exchange.model
    return attributes
