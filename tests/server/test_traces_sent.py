"""Traces on their way: what a collector, and Azure Monitor, have received once the server has ended."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from inference_core import __version__
from inference_core.server.exchange import STAGES
from inference_core.server.traces import traces_from_environment
from tests.server.test_traces import CONNECTION, EXCHANGE
from tests.test_imports import python


class Collector(HTTPServer):
    """Takes what is posted to it: paths and bodies."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        zipped = self.headers.get("Content-Encoding") == "gzip"
        self.server.posts.append((self.path, gzip.decompress(body) if zipped else body))
        answer = b'{"itemsReceived": 6, "itemsAccepted": 6, "errors": []}' if "track" in self.path else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_collector_has_everything_once_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}"}
        for name, value in environment.items():  # which the exporter reads itself
            monkeypatch.setenv(name, value)
        traces = traces_from_environment(environment)
        assert traces is not None
        for _ in range(20):
            traces.record(EXCHANGE)
        traces.close()
    spans, services = [], set()
    for path, body in collector.posts:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            services.add(
                tuple((a.key, a.value.string_value) for a in resource.resource.attributes if "service." in a.key)
            )
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    names = [span.name for span in spans]
    assert {name: names.count(name) for name in names} == dict.fromkeys([*STAGES, "POST /models/{name}/predict"], 20)
    assert len({span.trace_id for span in spans}) == 20
    assert {("service.name", "satchel"), ("service.version", __version__)} <= {pair for one in services for pair in one}


def test_the_service_has_the_name_that_the_environment_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "cards")
        traces = traces_from_environment({"OTEL_TRACES_EXPORTER": "otlp"})
        assert traces is not None
        traces.record(EXCHANGE)
        traces.close()
    (resource,) = ExportTraceServiceRequest.FromString(collector.posts[0][1]).resource_spans
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "cards"


AZURE_SCRIPT = """
import os
from inference_core.server.traces import traces_from_environment
from tests.server.test_traces import EXCHANGE

traces = traces_from_environment(os.environ)
traces.record(EXCHANGE)
traces.close()
"""


def test_azure_monitor_has_requests_and_their_stages() -> None:
    """In a process of its own: the exporter's threads outlive it."""
    pytest.importorskip("azure.monitor.opentelemetry.exporter", reason="the extra otel-azure is not installed")
    with collecting() as collector:
        connection = CONNECTION.format(port=collector.server_port)
        python(
            AZURE_SCRIPT,
            APPLICATIONINSIGHTS_CONNECTION_STRING=connection,
            APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL="true",
        )
    items = [item["data"] for path, body in collector.posts if path.endswith("/track") for item in orjson.loads(body)]
    told = [data for data in items if data["baseType"] != "MetricData"]  # the exporter's own figures
    assert sorted(data["baseType"] for data in told) == ["RemoteDependencyData"] * len(STAGES) + ["RequestData"]
    (request,) = [data["baseData"] for data in told if data["baseType"] == "RequestData"]
    assert (request["name"], request["responseCode"]) == ("POST /models/{name}/predict", "200")
