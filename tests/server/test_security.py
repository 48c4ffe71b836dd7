"""Keys, changes at run time, and pages from other origins."""

import asyncio
import hashlib
import hmac
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from inference_core.errors import ConflictError, ForbiddenError, UnauthorizedError
from inference_core.server import security
from inference_core.server.security import KeyGuard, KeyRing, add_cors, presented_key, require_admin
from inference_core.settings import Settings
from tests.pictures import plain
from tests.server.doors import PREDICT
from tests.server.process import serving

KEY, OTHER = "first-key", "second-key"
DIGESTS = [hashlib.sha256(key.encode()).hexdigest() for key in (KEY, OTHER)]
ORIGIN = "https://shop.example"


async def echo(request: Request) -> Response:
    return JSONResponse({"path": request.url.path, "bytes": len(await request.body())})


def guarded(**settings: Any) -> FastAPI:
    """An application that answers every path, behind the guard and then behind CORS."""
    app = FastAPI(docs_url=None, openapi_url=None)
    app.add_route("/{path:path}", echo, methods=["GET", "POST", "HEAD", "OPTIONS"])
    app.add_middleware(KeyGuard, keys=KeyRing(DIGESTS))
    add_cors(app, Settings(**settings))
    return app


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(guarded()) as opened:
        yield opened


@pytest.mark.parametrize("key", [KEY, OTHER])
@pytest.mark.parametrize("header", ["X-API-Key: {}", "Authorization: Bearer {}", "authorization: bearer  {}"])
def test_every_key_opens_in_either_header(client: TestClient, key: str, header: str) -> None:
    name, _, value = header.format(key).partition(": ")
    answer = client.post("/models/x/predict", content=b"1234", headers={name: value})
    assert (answer.status_code, answer.json()) == (200, {"path": "/models/x/predict", "bytes": 4})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "first-kez"},
        {"X-API-Key": DIGESTS[0]},
        {"X-API-Key": KEY.upper()},
        {"Authorization": KEY},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer"},
        {"X-API-Key": "wrong", "Authorization": f"Bearer {KEY}"},
    ],
)
@pytest.mark.parametrize("path", ["/models", "/metrics", "/version", "/health", "/assetsx", "/docsx", "/models/a/b"])
def test_all_else_is_401_with_a_challenge(client: TestClient, headers: Mapping[str, str], path: str) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="satchel"'
    assert answer.json()["error"]["code"] == "unauthorized"


def test_an_answer_never_repeats_the_key_that_was_tried(client: TestClient) -> None:
    assert "almost-secret" not in client.get("/models", headers={"X-API-Key": "almost-secret"}).text


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/assets/app.js", "/docs", "/docs/oauth2-redirect", "/openapi.json", "/favicon.ico"),
        *("/health/live", "/health/ready", "/v2/health/ready", "/v2"),
    ],
)
def test_what_shows_no_model_is_open(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v2/models/a/infer", "/v1/models/a:predict", "/v2"])
def test_the_protocols_of_others_get_their_own_shape_of_errors(client: TestClient, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 401
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith("the request carries no key\n")


@pytest.mark.parametrize("path", ["/v10/models", "/models/v2"])
def test_a_name_that_begins_like_a_protocol_is_none(client: TestClient, path: str) -> None:
    assert client.get(path).json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    ("path", "status"), [("/x/health/live", 200), ("/x/models", 401), ("/x", 401), ("/health", 401)]
)
def test_a_prefix_of_the_host_is_not_part_of_the_path(path: str, status: int) -> None:
    with TestClient(guarded(), root_path="/x") as client:
        assert client.get(path).status_code == status


def test_the_body_of_a_refused_request_is_not_read() -> None:
    async def receive() -> Any:
        raise AssertionError("somebody read the body")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/models/a/predict", "headers": []}
    asyncio.run(KeyGuard(guarded(), KeyRing(DIGESTS))(scope, receive, send))
    assert sent[0]["status"] == 401


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_not_http_passes(kind: str) -> None:
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    unused: Any = None
    asyncio.run(KeyGuard(app, KeyRing(DIGESTS))({"type": kind}, unused, unused))
    assert passed == [kind]


def test_every_digest_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(first: str, second: str) -> bool:
        compared.append(second)
        return hmac.compare_digest(first, second)

    monkeypatch.setattr(security, "hmac", SimpleNamespace(compare_digest=compare))
    KeyRing(DIGESTS).check(KEY)
    assert compared == DIGESTS


def test_digests_may_be_written_in_capitals() -> None:
    KeyRing([DIGESTS[0].upper()]).check(KEY)


def test_a_ring_without_digests_opens_for_nobody() -> None:
    with pytest.raises(UnauthorizedError):
        KeyRing(()).check("")


def test_a_key_of_any_bytes_can_be_checked() -> None:
    umlaut = hashlib.sha256("schlüssel".encode()).hexdigest()
    KeyRing([umlaut]).check(presented_key([(b"x-api-key", "schlüssel".encode())]))
    with pytest.raises(UnauthorizedError):
        KeyRing([umlaut]).check(presented_key([(b"x-api-key", b"schl\xfcssel")]))


def test_a_preflight_needs_no_key_and_the_request_after_it_does() -> None:
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    with TestClient(guarded(cors_origins=(ORIGIN,))) as client:
        preflight = client.options("/models/a/predict", headers=asks)
        refused = client.post("/models/a/predict", headers={"Origin": ORIGIN})
        answered = client.post("/models/a/predict", headers={"Origin": ORIGIN, "X-API-Key": KEY})
        bare = client.options("/models/a/predict", headers={"Origin": ORIGIN})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "X-API-Key" in preflight.headers["access-control-allow-headers"]
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)
    assert (answered.status_code, answered.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "access-control-allow-credentials" not in answered.headers
    assert bare.status_code == 401


def test_a_page_of_another_origin_is_told_nothing() -> None:
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with TestClient(guarded(cors_origins=(ORIGIN,))) as client:
        assert client.options("/models", headers=asks).status_code == 400
        answer = client.get("/health/live", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_without_origins_nothing_is_said_of_them() -> None:
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    with TestClient(guarded()) as client:
        assert client.options("/models", headers=asks).status_code == 401
        assert "access-control-allow-origin" not in client.get("/health/live", headers={"Origin": ORIGIN}).headers


def test_changes_need_the_switch_and_one_process() -> None:
    require_admin(SimpleNamespace(settings=Settings(admin=True)))
    with pytest.raises(ForbiddenError) as off:
        require_admin(SimpleNamespace(settings=Settings()))
    assert off.value.remedy == "set SATCHEL_ADMIN=on"
    with pytest.raises(ConflictError) as several:
        require_admin(SimpleNamespace(settings=Settings(admin=True, workers=2)))
    assert several.value.got == "SATCHEL_WORKERS=2"


class Pictures(BaseHTTPRequestHandler):
    """A host that has one picture."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(plain((255, 0, 0)))

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


def test_a_running_server_asks_for_the_key_and_fetches_from_listed_hosts_alone(tiny_models: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Pictures) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        url = f"127.0.0.1:{host.server_port}"
        named = {"Content-Type": "application/json", "X-API-Key": KEY}
        with serving(tiny_models, api_keys=",".join(DIGESTS), url_hosts=url, threads="1") as server:
            refused = server.ask("POST", PREDICT, plain((255, 0, 0)))
            fetched = server.ask("POST", PREDICT, f'{{"url": "http://{url}/red.png"}}', named)
            elsewhere = server.ask("POST", PREDICT, '{"url": "http://169.254.169.254/latest"}', named)
            metrics = server.ask("GET", "/metrics")
        host.shutdown()
    assert (refused[0], fetched[0], elsewhere[0], metrics[0]) == (401, 200, 403, 401)
    assert orjson.loads(fetched[1])["predictions"][0]["label"] == "red"
