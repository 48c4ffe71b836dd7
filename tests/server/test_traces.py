"""Traces: off unless asked for; then a span for each request, in the caller's trace, with its stages inside."""

import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from inference_core.errors import MissingDependencyError, SettingsError
from inference_core.server.exchange import STAGES, UNMATCHED, Exchange
from inference_core.server.traces import Traces, traces_from_environment
from inference_core.tasks import Timings
from tests.test_imports import python

EXCHANGE = Exchange(
    request_id="abc-1",
    method="POST",
    route="/models/{name}/predict",
    path="/models/tiny/predict",
    model="tiny",
    status=200,
    seconds=0.050,
    answered=0.040,
    timings=Timings(decode=3.0, preprocess=2.0, infer=10.0, postprocess=1.0, queue=4.0),
)
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
AZURE = "azure_monitor_opentelemetry_exporter"
CONNECTION = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=http://127.0.0.1:{port}/"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter: InMemorySpanExporter) -> Iterator[Traces]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces = Traces(provider)
    yield traces
    traces.close()


def only(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, dict[str, ReadableSpan]]:
    """The span of the one request, and those of its stages by name."""
    *stages, server = exporter.get_finished_spans()
    assert server.kind == SpanKind.SERVER
    return server, {span.name: span for span in stages}


def nanoseconds(span: ReadableSpan) -> tuple[int, int]:
    assert span.start_time is not None
    assert span.end_time is not None
    return span.start_time, span.end_time


def test_a_request_is_a_span(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE)
    server, _ = only(exporter)
    assert server.name == "POST /models/{name}/predict"
    assert server.parent is None
    assert server.status.status_code == StatusCode.UNSET
    assert server.attributes == {
        "http.request.method": "POST",
        "http.route": "/models/{name}/predict",
        "http.response.status_code": 200,
        "url.path": "/models/tiny/predict",
        "url.scheme": "http",
        "satchel.request_id": "abc-1",
        "satchel.model": "tiny",
    }
    began, ended = nanoseconds(server)
    assert ended - began == 50_000_000
    assert 0 <= time.time_ns() - ended < 10e9


def test_the_stages_follow_one_another_until_the_answer(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE)
    server, stages = only(exporter)
    began, _ = nanoseconds(server)
    places = {name: tuple((when - began) // 1000 for when in nanoseconds(span)) for name, span in stages.items()}
    assert places == {
        "queue": (20_000, 24_000),
        "decode": (24_000, 27_000),
        "preprocess": (27_000, 29_000),
        "infer": (29_000, 39_000),
        "postprocess": (39_000, 40_000),
    }
    assert list(stages) == list(STAGES)
    for span in stages.values():
        assert span.parent is not None
        assert span.parent.span_id == server.context.span_id
        assert span.context.trace_id == server.context.trace_id


def test_stages_never_begin_before_their_request(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE._replace(answered=0.001))
    server, stages = only(exporter)
    assert nanoseconds(stages["queue"])[0] == nanoseconds(server)[0]


def test_a_request_without_timings_has_no_stages(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE._replace(timings=None, model=None))
    server, stages = only(exporter)
    assert stages == {}
    assert "satchel.model" not in (server.attributes or {})


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, StatusCode.UNSET), (499, StatusCode.UNSET), (500, StatusCode.ERROR), (503, StatusCode.ERROR)],
)
def test_only_failures_of_the_server_are_errors(
    traces: Traces, exporter: InMemorySpanExporter, status: int, code: StatusCode
) -> None:
    traces.record(EXCHANGE._replace(status=status))
    assert only(exporter)[0].status.status_code == code


def test_the_trace_of_the_caller_goes_on(traces: Traces, exporter: InMemorySpanExporter) -> None:
    headers = [(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode()), (b"tracestate", b"vendor=1"), (b"x-odd", b"\xff")]
    traces.record(EXCHANGE._replace(headers=headers))
    server, _ = only(exporter)
    assert server.parent is not None
    assert (f"{server.context.trace_id:032x}", f"{server.parent.span_id:016x}") == (TRACE, PARENT)
    assert server.context.trace_state.get("vendor") == "1"


def test_a_caller_that_does_not_sample_is_obeyed(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE._replace(headers=[(b"traceparent", f"00-{TRACE}-{PARENT}-00".encode())]))
    assert exporter.get_finished_spans() == ()


def test_a_broken_traceparent_begins_a_trace(traces: Traces, exporter: InMemorySpanExporter) -> None:
    traces.record(EXCHANGE._replace(route=UNMATCHED, headers=[(b"traceparent", b"00-broken")]))
    assert only(exporter)[0].parent is None


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"FUNCTIONS_WORKER_RUNTIME": "python", "APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION},
    ],
)
def test_it_is_off_unless_asked_for(environment: Mapping[str, str]) -> None:
    assert traces_from_environment(environment) is None


def test_off_it_imports_nothing() -> None:
    code = (
        "import sys\nfrom inference_core.server.traces import traces_from_environment\ntraces_from_environment({})\n"
        "print({'opentelemetry.sdk', 'google.protobuf', 'grpc', 'requests'} & set(sys.modules))"
    )
    assert python(code).stdout == "set()\n"


@pytest.mark.parametrize(
    ("environment", "match"),
    [
        ({"OTEL_TRACES_EXPORTER": "otlp,zipkin"}, "OTEL_TRACES_EXPORTER cannot be used\n  got: zipkin\n"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL cannot be used\n  got: grpc\n  expected: http/protobuf",
        ),
        ({"OTEL_TRACES_EXPORTER": AZURE}, f"{AZURE} needs APPLICATIONINSIGHTS_CONNECTION_STRING"),
    ],
)
def test_what_cannot_be_done_is_refused(environment: Mapping[str, str], match: str) -> None:
    with pytest.raises(SettingsError, match=match):
        traces_from_environment(environment)


@pytest.mark.parametrize(
    ("missing", "environment", "extra"),
    [
        ("opentelemetry", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "otel"),
        ("opentelemetry.sdk", {"OTEL_TRACES_EXPORTER": "console"}, "otel"),
        ("opentelemetry.exporter.otlp", {"OTEL_TRACES_EXPORTER": "otlp"}, "otel"),
        ("azure.monitor", {"APPLICATIONINSIGHTS_CONNECTION_STRING": CONNECTION}, "otel-azure"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str, environment: Mapping[str, str], extra: str
) -> None:
    monkeypatch.setattr(
        "inference_core.dependencies.find_spec", lambda name: None if name == missing else find_spec(name)
    )
    with pytest.raises(MissingDependencyError) as caught:
        traces_from_environment(environment)
    assert caught.value.message == f"tracing needs the package {missing}, which is not installed"
    assert caught.value.remedy == f"pip install 'satchel[{extra}]'"
