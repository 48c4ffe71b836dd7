"""The Function under the runtime that production runs: routes, keys, and the server's answers byte for byte."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from inference_core.settings import Settings
from tests.function_app.host import Host, HostSettings
from tests.function_app.messages import Response
from tests.function_app.our_app import APP, KEY, ask, error, on_host
from tests.function_app.routes import RouteOrder
from tests.function_app.worker import Function, Worker
from tests.pictures import encode, noise, plain
from tests.server.doors import PREDICT
from tests.server.process import serving

pytest.importorskip(
    "azure_functions_runtime",
    reason="pip install --no-deps --ignore-requires-python azure-functions-runtime==1.3.0",
)

RED = plain((255, 0, 0))
OPEN = {
    "assets": "assets/{*file}",
    "docs": "docs",
    "health": "health/{*probe}",
    "inference_health": "v2/health/{*probe}",
    "inference_server": "v2",
    "openapi": "openapi.json",
    "page": "{nothing:maxlength(0)?}",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(autouse=True)
def environment(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    monkeypatch.setenv("SATCHEL_MAX_BODY_MB", "2")


async def functions() -> dict[str, Function]:
    async with Worker.running(APP) as worker:
        return {function.name: function for function in worker.functions}


def untimed(body: bytes) -> bytes:
    text, count = re.subn(rb'"timings_ms":\{[^}]*\}', b"", body)
    assert count <= 1
    return text


def test_every_function_that_is_open_to_all_is_tried_before_the_one_behind_the_key() -> None:
    found = asyncio.run(functions())
    assert {name: (f.route, f.methods, f.auth_level) for name, f in found.items()} == {
        **{name: (route, ("GET",), "anonymous") for name, route in OPEN.items()},
        "serve": ("{*path}", METHODS, "function"),
        "warmup": (None, (), None),
    }
    assert found["warmup"].trigger == "warmupTrigger"
    assert sorted(name for name, f in found.items() if f.route)[-1] == "serve"


def test_host_json_says_what_the_routes_and_limits_are() -> None:
    settings = json.loads((APP / "host.json").read_text())
    assert settings["version"] == "2.0"
    assert settings["extensions"]["http"] == {
        "routePrefix": "",
        "maxOutstandingRequests": 200,
        "maxConcurrentRequests": 100,
        "dynamicThrottlesEnabled": False,
    }
    hours, minutes, seconds = map(int, settings["functionTimeout"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds == 230  # when the load balancer gives up
    values = json.loads((APP / "local.settings.json.example").read_text())["Values"]
    assert values["FUNCTIONS_WORKER_RUNTIME"] == "python"
    named = {name: value for name, value in values.items() if name.startswith("SATCHEL_")}
    assert Settings.from_environment(named) == Settings(models=Path("../models"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("?code=wrong", 200),
        ("docs", 200),
        ("openapi.json", 200),
        ("assets/page.js", 200),
        ("assets/swagger/swagger-ui.css", 200),
        ("assets/none.js", 404),
        ("health", 404),
        ("Health/live", 200),
        ("v2/health/live", 200),
        ("v2/health/ready", 200),
        ("v2", 200),
        ("v2/models/tiny_classifier", 401),
        ("v2/models/tiny_classifier/ready", 401),
        ("docs/more", 401),
        ("models", 401),
        ("version", 401),
        ("metrics", 401),
        (PREDICT.strip("/"), 401),
    ],
)
def test_a_wrong_or_missing_key_opens_the_page_and_health_only(path: str, status: int) -> None:
    async def check(host: Host) -> list[int]:
        return [(await host.request("GET", f"/{path}", key=key)).status for key in (None, "wrong")]

    assert on_host(check) == [status, status]


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/assets/page.js", "/health/live", "/v2"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "DELETE"])
def test_what_is_open_is_open_to_get_alone(method: str, path: str) -> None:
    assert ask(method, path, key=None).status == 401


@pytest.mark.parametrize("order", ["name", "specific"])
def test_the_page_is_the_root_alone_in_either_order_of_routes(order: RouteOrder) -> None:
    async def check() -> list[Response]:
        async with Worker.running(APP) as worker:
            host = Host(worker, HostSettings.read(APP, {}), route_order=order)
            return [await host.request("GET", path) for path in ("/", "/page", "/x")]

    root, *others = asyncio.run(check())
    assert (root.status, root.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "frame-ancestors 'none'" in root.headers["content-security-policy"]
    assert b'<script type="module" src="assets/page.js">' in root.body
    assert [answer.status for answer in others] == [401, 401]


def test_a_page_that_the_browser_has_already_is_not_sent_again() -> None:
    first = ask("GET", "/assets/page.js", key=None)
    again = ask("GET", "/assets/page.js", key=None, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_probes_need_no_key() -> None:
    async def check(host: Host) -> list[Any]:
        return [json.loads((await host.request("GET", f"/health/{probe}")).body) for probe in ("live", "ready")]

    assert on_host(check) == [{"status": "live"}, {"status": "ready", "models": ["tiny_classifier", "tiny_detector"]}]


def test_the_answers_are_those_of_the_server_byte_for_byte(tiny_models: Path) -> None:
    big = encode(noise(1100, 1000), "JPEG", quality=95)
    assert len(big) >= 2**20
    requests = [
        ("POST", "/models/tiny_detector/predict", big, "image/jpeg"),
        ("POST", PREDICT, big, "application/octet-stream"),
        ("POST", PREDICT, RED, "image/png"),
        ("POST", PREDICT, b"", "image/png"),
        ("POST", PREDICT, RED, "text/plain"),
        ("POST", PREDICT, big[:-5000], "image/jpeg"),
        ("POST", PREDICT, b"x" * (2**21 + 1), "image/jpeg"),
        ("POST", "/models/none/predict", RED, "image/png"),
        ("GET", "/models/a%20b", b"", "text/plain"),
        ("GET", "/models/tiny_detector", b"", "text/plain"),
        ("GET", "/nowhere", b"", "text/plain"),
        ("GET", PREDICT, b"", "text/plain"),
    ]

    async def check(host: Host) -> list[Response]:
        return [await host.request(m, p, body=b, key=KEY, headers={"content-type": t}) for m, p, b, t in requests]

    answers = on_host(check)
    with serving(tiny_models, max_body_mb="2") as server:
        served = [server.ask(m, p, b, {"Content-Type": t}) for m, p, b, t in requests]
    assert [(a.status, untimed(a.body)) for a in answers] == [(status, untimed(body)) for status, body in served]
    assert [a.status for a in answers] == [200, 200, 200, 400, 415, 422, 413, 404, 404, 200, 404, 405]
    assert {a.headers["content-type"] for a in answers} == {"application/json"}
    first = json.loads(answers[0].body)
    assert (first["image"], len(first["predictions"])) == ({"width": 1100, "height": 1000}, 2)


def test_an_empty_and_a_chunked_body_are_400_and_say_why() -> None:
    for chunked in (False, True):
        answer = ask("POST", PREDICT, b"lost" if chunked else b"", chunked=chunked)
        assert (answer.status, error(answer)["message"]) == (400, "the body is empty")
        assert (
            error(answer)["remedy"] == "send the picture with a Content-Length (Azure Functions drops chunked bodies)"
        )
