"""Metrics: each thing told is counted once, under labels that cannot grow without bound."""

import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from inference_core import __version__
from inference_core.observer import ModelState, Observer
from inference_core.server.exchange import STAGES
from inference_core.server.exposition import OPEN_METRICS, TEXT
from inference_core.server.metrics import Metrics
from inference_core.server.routes.metrics import router
from inference_core.tasks import Timings
from tests.server.test_exposition import Samples, labels, samples
from tests.test_imports import python

TIMINGS = Timings(decode=3.0, preprocess=1.5, infer=40.0, postprocess=0.1, queue=0.3)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def told(metrics: Metrics) -> Samples:
    return samples(metrics.text()[0].decode())


def test_a_model_that_nobody_has_asked_yet_has_an_empty_queue(metrics: Metrics) -> None:
    metrics.capacity("tiny", 10)
    assert told(metrics)[labels("satchel_waiting", model="tiny")] == 0


def test_it_is_an_observer(metrics: Metrics) -> None:
    observer: Observer = metrics
    observer.waiting("tiny", 3)
    observer.waiting("tiny", 2)
    observer.failed("tiny", "busy")
    metrics.capacity("tiny", 130)
    found = told(metrics)
    assert found[labels("satchel_waiting", model="tiny")] == 2
    assert found[labels("satchel_queue_capacity", model="tiny")] == 130
    assert found[labels("satchel_prediction_errors_total", model="tiny", code="busy")] == 1
    assert found[labels("satchel_predictions_total", model="tiny")] == 0


def test_the_stages_of_an_answer_are_seconds(metrics: Metrics) -> None:
    metrics.answered("tiny", TIMINGS)
    metrics.answered("tiny", TIMINGS)
    found = told(metrics)
    assert found[labels("satchel_predictions_total", model="tiny")] == 2
    for stage in STAGES:
        place = {"model": "tiny", "stage": stage}
        expected = 2 * getattr(TIMINGS, stage) / 1e3
        assert found[labels("satchel_stage_seconds_sum", **place)] == pytest.approx(expected)
        assert found[labels("satchel_stage_seconds_count", **place)] == 2
    assert found[labels("satchel_stage_seconds_bucket", model="tiny", stage="infer", le="0.02")] == 0
    assert found[labels("satchel_stage_seconds_bucket", model="tiny", stage="infer", le="0.05")] == 2
    assert found[labels("satchel_stage_seconds_bucket", model="tiny", stage="postprocess", le="0.0002")] == 2
    assert found[labels("satchel_prediction_seconds_sum", model="tiny")] == pytest.approx(0.0898)


def test_the_sizes_of_batches(metrics: Metrics) -> None:
    for size in (1, 3, 4, 200):
        metrics.batch("tiny", size)
    found = told(metrics)
    counts = {
        le: found[labels("satchel_batch_size_bucket", model="tiny", le=le)] for le in ("1.0", "2.0", "4.0", "128.0")
    }
    assert counts == {"1.0": 1, "2.0": 1, "4.0": 3, "128.0": 3}
    assert found[labels("satchel_batch_size_sum", model="tiny")] == 208


def test_calls_of_endpoints_and_what_overflows(metrics: Metrics) -> None:
    observer: Observer = metrics
    place = {"model": "tiny", "endpoint": "http://a:8000"}
    for outcome, seconds in (("ok", 0.25), ("ok", 0.5), ("timeout", 2.0)):
        observer.called("tiny", "http://a:8000", outcome, seconds)
    observer.endpoint("tiny", "http://a:8000", usable=True, outstanding=2)
    observer.endpoint("tiny", "http://a:8000", usable=False, outstanding=1)
    observer.overflowed("tiny")
    found = told(metrics)
    assert found[labels("satchel_endpoint_calls_total", **place, outcome="ok")] == 2
    assert found[labels("satchel_endpoint_calls_total", **place, outcome="timeout")] == 1
    assert found[labels("satchel_endpoint_seconds_sum", **place)] == 2.75
    assert found[labels("satchel_endpoint_usable", **place)] == 0
    assert found[labels("satchel_endpoint_outstanding", **place)] == 1
    assert found[labels("satchel_overflowed_total", model="tiny")] == 1


def test_a_model_is_in_one_state(metrics: Metrics) -> None:
    states: tuple[ModelState, ...] = ("unloaded", "loading", "ready")
    for state in states:
        metrics.state("tiny", "1", state)
        found = told(metrics)
        ones = {key for key, value in found.items() if key[0] == "satchel_model_state" and value}
        assert ones == {labels("satchel_model_state", model="tiny", version="1", state=state)}
        assert found[labels("satchel_models_loaded")] == (state == "ready")


def test_ready_models_are_counted(metrics: Metrics) -> None:
    metrics.state("tiny", "1", "ready")
    metrics.state("tiny", "2", "ready")
    metrics.state("other", "1", "failed")
    assert told(metrics)[labels("satchel_models_loaded")] == 2
    metrics.state("tiny", "1", "unloaded")
    assert told(metrics)[labels("satchel_models_loaded")] == 1


def test_a_model_is_known_once_it_had_a_state(metrics: Metrics) -> None:
    assert not metrics.knows("tiny")
    metrics.state("tiny", "1", "unloaded")
    assert metrics.knows("tiny")
    assert not metrics.knows("other")


def test_requests_of_both_doors_are_counted(metrics: Metrics) -> None:
    metrics.http_request("POST", "/models/{name}/predict", 200, 0.03)
    metrics.http_request("POST", "/models/{name}/predict", 200, 0.04)
    metrics.http_request("POST", "/models/{name}/predict", 429, 0.001)
    metrics.grpc_request("ModelInfer", "RESOURCE_EXHAUSTED", 0.002)
    found = told(metrics)
    where = {"method": "POST", "route": "/models/{name}/predict"}
    assert found[labels("satchel_http_requests_total", **where, status="200")] == 2
    assert found[labels("satchel_http_requests_total", **where, status="429")] == 1
    assert found[labels("satchel_http_request_seconds_count", route=where["route"])] == 3
    assert found[labels("satchel_http_request_seconds_sum", route=where["route"])] == pytest.approx(0.071)
    assert found[labels("satchel_grpc_requests_total", method="ModelInfer", code="RESOURCE_EXHAUSTED")] == 1
    assert found[labels("satchel_grpc_request_seconds_sum", method="ModelInfer")] == pytest.approx(0.002)


def test_nothing_is_lost_between_threads(metrics: Metrics) -> None:
    def work() -> None:
        for _ in range(200):
            metrics.answered("tiny", TIMINGS)
            metrics.http_request("GET", "/", 200, 0.001)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = told(metrics)
    assert found[labels("satchel_predictions_total", model="tiny")] == 1600
    assert found[labels("satchel_http_requests_total", method="GET", route="/", status="200")] == 1600
    assert found[labels("satchel_stage_seconds_count", model="tiny", stage="infer")] == 1600


def test_what_runs(metrics: Metrics) -> None:
    infos = {key: value for key, value in told(metrics).items() if key[0] == "satchel_info"}
    assert [(dict(found)["version"], value) for (_, found), value in infos.items()] == [(__version__, 1)]


@pytest.fixture
def client(metrics: Metrics) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.metrics = metrics
    app.include_router(router)
    with TestClient(app) as client:
        yield client


def test_the_route_answers_in_what_is_accepted(client: TestClient) -> None:
    plain = client.get("/metrics")
    assert (plain.status_code, plain.headers["content-type"]) == (200, TEXT)
    assert "# TYPE satchel_models_loaded gauge\nsatchel_models_loaded 0.0\n" in plain.text
    openly = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openly.headers["content-type"] == OPEN_METRICS
    operation = client.get("/openapi.json").json()["paths"]["/metrics"]["get"]
    assert operation["tags"] == ["health"]
    assert set(operation["responses"]["200"]["content"]) == {"text/plain", "application/openmetrics-text"}


def test_the_library_is_imported_with_the_first_metrics() -> None:
    code = "import sys, inference_core.server.metrics; print('prometheus_client' in sys.modules)"
    assert python(code).stdout == "False\n"
