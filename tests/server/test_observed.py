"""The whole application, observed: what its metrics say after requests of every kind."""

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette

from inference_core.server.metrics import Metrics
from tests.pictures import plain
from tests.server.doors import PREDICT, Gate, ask, body_of, open_door, started_app
from tests.server.test_connection import WHOLE, leaving
from tests.server.test_exposition import Samples, labels, samples

RED = plain((255, 0, 0))
TEMPLATE = "/models/{name}/predict"
MODEL = "tiny_classifier"


def requests(found: Samples, status: int, route: str = TEMPLATE, method: str = "POST") -> float:
    return found.get(labels("satchel_http_requests_total", method=method, route=route, status=str(status)), 0)


def test_a_prediction_is_counted_once_everywhere(tiny_models: Path) -> None:
    with open_door(tiny_models) as client:
        answer = client.post(PREDICT, content=RED)
        assert client.post(PREDICT, content=b"no picture").status_code == 415
        found = samples(client.get("/metrics").text)
    assert (requests(found, 200), requests(found, 415)) == (1, 1)
    assert found[labels("satchel_predictions_total", model=MODEL)] == 1
    assert found[labels("satchel_batch_size_count", model=MODEL)] >= 1
    assert found[labels("satchel_waiting", model=MODEL)] == 0
    assert found[labels("satchel_models_loaded")] == 2
    assert found[labels("satchel_model_state", model=MODEL, version="1", state="ready")] == 1
    timings = answer.json()["timings_ms"]
    for stage, milliseconds in timings.items():
        assert f"{stage};dur={milliseconds:.3f}" in answer.headers["server-timing"]
        sums = found[labels("satchel_stage_seconds_sum", model=MODEL, stage=stage)]
        assert sums == pytest.approx(milliseconds / 1e3, abs=1e-6)


def test_names_that_clients_make_up_are_no_labels(tiny_models: Path) -> None:
    with open_door(tiny_models) as client:
        for number in range(5):
            assert client.post(f"/models/made_up_{number}/predict", content=RED).status_code == 404
            assert client.get(f"/made/up/{number}").status_code == 404
        text = client.get("/metrics").text
    assert (requests(samples(text), 404), requests(samples(text), 404, "unmatched", "GET")) == (5, 5)
    assert "made" not in text


def test_a_client_that_left_and_one_that_was_refused(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> Starlette:
        gate, left = Gate(monkeypatch), asyncio.Event()
        app, service = await started_app(tiny_models, threads=1, queue_size=1)
        running = asyncio.create_task(ask(app, body_of(RED)))
        await gate.wait_entered()
        waiting = asyncio.create_task(ask(app, leaving(left, WHOLE)))
        await asyncio.sleep(0.01)
        assert (await ask(app, body_of(RED))).status == 429
        left.set()
        await asyncio.wait_for(waiting, 5)
        gate.opened.set()
        assert (await running).status == 200
        await service.stop()
        return app

    metrics: Metrics = asyncio.run(check()).state.metrics
    found = samples(metrics.text()[0].decode())
    assert {status: requests(found, status) for status in (200, 400, 429, 499)} == {200: 1, 400: 0, 429: 1, 499: 1}
