"""The harness itself: what it says about an app must be what Azure would do with it."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.function_app.host import Host, HostSettings
from tests.function_app.http_host import serve
from tests.function_app.routes import RouteOrder
from tests.function_app.worker import Function, IndexingError, InvocationError, Response, Worker

pytest.importorskip("azure.functions", reason="azure-functions is not installed")
pytest.importorskip(
    "azure_functions_runtime",
    reason="pip install --no-deps --ignore-requires-python azure-functions-runtime==1.3.0",
)

FIXTURE = Path(__file__).parent / "fixture_app"
KEY = "function-key"
T = TypeVar("T")

HEADER = """
import asyncio
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""
HIDING = """
@app.route(route="{*rest}")
async def all(req: func.HttpRequest) -> str:
    return "all"

@app.route(route="health")
async def health(req: func.HttpRequest) -> str:
    return "health"
"""
ROOT_ONLY = """
@app.route(route="{nothing:maxlength(0)?}")
async def aaa(req: func.HttpRequest) -> str:
    return "root"
"""
SLOW = """
@app.route(route="slow")
async def slow(req: func.HttpRequest) -> str:
    await asyncio.sleep(0.05)
    return "done"
"""
FORBIDDEN = """
@app.route(route="gone")
async def gone(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(b"body", status_code=204)
"""


def on_host(
    check: Callable[[Host], Awaitable[T]],
    app_dir: Path = FIXTURE,
    settings: HostSettings | None = None,
    route_order: RouteOrder = "name",
) -> T:
    async def run() -> T:
        async with Worker.running(app_dir) as worker:
            chosen = settings or HostSettings.read(app_dir, {})
            return await check(Host(worker, chosen, route_order=route_order))

    return asyncio.run(run())


def ask(method: str, path: str, key: str | None = KEY, body: bytes = b"") -> Response:
    return on_host(lambda host: host.request(method, path, key=key, body=body))


def write_app(folder: Path, code: str, http: dict[str, object] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "function_app.py").write_text(HEADER + code)
    (folder / "host.json").write_text(json.dumps({"extensions": {"http": http or {}}}))
    return folder


async def functions(app_dir: Path) -> dict[str, Function]:
    async with Worker.running(app_dir) as worker:
        return {function.name: function for function in worker.functions}


def test_indexing_reports_every_function() -> None:
    found = asyncio.run(functions(FIXTURE))
    assert {name: (f.route, f.methods, f.auth_level) for name, f in found.items()} == {
        "echo": ("echo/{name}", ("POST",), "function"),
        "health": ("health/{*probe}", ("GET",), "anonymous"),
        "manage": ("manage", ("GET",), "admin"),
        "fail": ("raise", ("GET",), "function"),
        "warmup": (None, (), None),
        "web": ("{*path}", (), "function"),
    }
    assert found["warmup"].trigger == "warmupTrigger"
    assert found["echo"].raw_bindings[1] == {"direction": "OUT", "type": "http", "name": "$return"}


@pytest.mark.parametrize("path", ["/v1/echo/big", "/v1/asgi/big"])
def test_a_large_body_comes_back_unchanged(path: str) -> None:
    body = os.urandom(1 << 20)
    answer = ask("POST", path, body=body)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.body == body


def test_a_hundred_requests_at_once_keep_apart() -> None:
    async def check(host: Host) -> list[Response]:
        names = [str(number) for number in range(100)]
        asked = [host.request("POST", f"/v1/echo/{n}", body=n.encode(), key=KEY) for n in names]
        return await asyncio.wait_for(asyncio.gather(*asked), timeout=10)

    answers = on_host(check)
    assert [answer.body.decode() for answer in answers] == [str(n) for n in range(100)]
    assert [answer.headers["x-name"] for answer in answers] == [str(n) for n in range(100)]
    assert len({answer.headers["x-invocation"] for answer in answers}) == 100


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/v1/asgi", None, 401),
        ("/v1/asgi", "wrong", 401),
        ("/v1/asgi", KEY, 200),
        ("/v1/asgi", "master-key", 200),
        ("/v1/asgi?code=function-key", None, 200),
        ("/v1/asgi?code=function-key", "wrong", 401),  # the header hides the query
        ("/v1/health", None, 200),
        ("/v1/health", "wrong", 200),
        ("/v1/manage", KEY, 401),
        ("/v1/manage", "master-key", 200),
    ],
)
def test_keys(path: str, key: str | None, status: int) -> None:
    assert ask("GET", path, key).status == status


@pytest.mark.parametrize(
    ("method", "path", "text"),
    [
        ("GET", "/v1/health", "none 0"),
        ("GET", "/v1/HEALTH/", "none 0"),
        ("GET", "/v1/health/live/now", "live/now 0"),
        ("POST", "/v1/health", '{"method": "POST", "path": "/v1/health", "query": ""}'),
        ("GET", "/v1", '{"method": "GET", "path": "/v1", "query": ""}'),
        (
            "GET",
            "/v1/a%20b/?q=%C3%A9",
            '{"method": "GET", "path": "/v1/a b/", "query": "q=%C3%A9"}',
        ),
    ],
)
@pytest.mark.parametrize("order", ["name", "specific"])
def test_routes(order: RouteOrder, method: str, path: str, text: str) -> None:
    answer = on_host(lambda host: host.request(method, path, key=KEY), route_order=order)
    assert answer.body.decode() == text


@pytest.mark.parametrize(("order", "text"), [("name", b"all"), ("specific", b"health")])
def test_the_host_takes_functions_by_name(tmp_path: Path, order: RouteOrder, text: bytes) -> None:
    app = write_app(tmp_path, HIDING)
    answer = on_host(lambda host: host.request("GET", "/api/health"), app, route_order=order)
    assert answer.body == text


@pytest.mark.parametrize(
    ("prefix", "good", "bad"), [(None, "/api/x", "/x"), ("", "/x", None), ("a/b", "/a/b/x", "/a/x")]
)
def test_route_prefix(tmp_path: Path, prefix: str | None, good: str, bad: str | None) -> None:
    app = write_app(tmp_path, HIDING, {} if prefix is None else {"routePrefix": prefix})

    async def check(host: Host) -> list[int]:
        return [(await host.request("GET", path)).status for path in (good, bad) if path]

    assert on_host(check, app) == [200, 404][: 2 if bad else 1]


@pytest.mark.parametrize("order", ["name", "specific"])
@pytest.mark.parametrize(("prefix", "root"), [("", "/"), ("api", "/api")])
def test_an_optional_parameter_that_must_be_empty_takes_the_root_alone(
    tmp_path: Path, order: RouteOrder, prefix: str, root: str
) -> None:
    app = write_app(tmp_path, HIDING + ROOT_ONLY, {"routePrefix": prefix})

    async def check(host: Host) -> list[bytes]:
        paths = (root, f"{root}/", f"{root}/x", f"{root}/aaa")
        return [(await host.request("GET", path.replace("//", "/"))).body for path in paths]

    assert on_host(check, app, route_order=order) == [b"root", b"root", b"all", b"all"]


def test_the_hosts_own_paths_never_reach_an_app(tmp_path: Path) -> None:
    app = write_app(tmp_path, HIDING, {"routePrefix": ""})
    assert on_host(lambda host: host.request("GET", "/admin/host/ping"), app).status == 404


def test_parameters_and_queries_are_sent_as_azure_does() -> None:
    headers = ask("POST", "/v1/echo/a%20b%2Fc?x=1&x=2&empty=").headers
    assert headers["x-name"] == "a b%2Fc"
    assert json.loads(headers["x-query"]) == {"x": "1,2"}


def test_an_empty_and_a_chunked_body_look_alike() -> None:
    assert ask("POST", "/v1/echo/none").body == b""
    chunked = on_host(lambda host: host.request("POST", "/v1/echo/c", body=b"lost", key=KEY, chunked=True))
    assert (chunked.status, chunked.body) == (200, b"")


def test_a_body_over_the_limit_is_a_server_error() -> None:
    settings = HostSettings.read(FIXTURE, {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10"})

    async def check(host: Host) -> list[int]:
        sizes = [await host.request("POST", "/v1/asgi", body=b"x" * n, key=KEY) for n in (10, 11)]
        return [answer.status for answer in sizes]

    assert on_host(check, settings=settings) == [200, 500]


def test_an_exception_loses_its_text_and_the_harness_keeps_it() -> None:
    async def check(host: Host) -> tuple[Response, list[InvocationError]]:
        return await host.request("GET", "/v1/raise", key=KEY), host.errors

    answer, errors = on_host(check)
    assert (answer.status, answer.body) == (500, b"")
    assert "no such thing" in str(errors[0])
    assert 'function_app.py", line' in str(errors[0])


def test_a_warm_up_reaches_its_function() -> None:
    async def check(host: Host) -> bytes:
        await host.warm_up()
        return (await host.request("GET", "/v1/health")).body

    assert on_host(check) == b"none 1"


def test_requests_beyond_the_limit_are_turned_away(tmp_path: Path) -> None:
    app = write_app(tmp_path, SLOW, {"maxOutstandingRequests": 3, "maxConcurrentRequests": 1})

    async def check(host: Host) -> list[int]:
        answers = await asyncio.gather(*(host.request("GET", "/api/slow") for _ in range(5)))
        late = await host.request("GET", "/api/slow")
        return [answer.status for answer in [*answers, late]]

    assert on_host(check, app) == [200, 200, 200, 429, 429, 200]


def test_what_the_runtime_does_to_answers(tmp_path: Path) -> None:
    cookies = ask("GET", "/v1/cookies")
    assert cookies.cookies == ("a=1; Path=/", "b=2; Secure")
    assert cookies.headers["vary"] == "origin"  # of a repeated header only the last is left
    empty = ask("GET", "/v1/empty")
    assert (empty.status, empty.headers["content-type"]) == (204, "text/plain; charset=utf-8")
    assert ask("HEAD", "/v1/asgi").body == b""
    app = write_app(tmp_path, FORBIDDEN)
    assert on_host(lambda host: host.request("GET", "/api/gone"), app).status == 500


def test_an_app_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    for name, code, text in [
        ("import", "import no_such_module", "no_such_module"),
        ("raise", "raise RuntimeError('no model here')", "no model here"),
        ("empty", "", "no functions found"),
    ]:
        with pytest.raises(IndexingError, match=text):
            asyncio.run(functions(write_app(tmp_path / name, code)))
    assert set(asyncio.run(functions(FIXTURE))) > {"echo"}  # and the next worker is unharmed


def test_workers_follow_one_another_without_a_trace(tmp_path: Path) -> None:
    path, modules = list(sys.path), {name: id(module) for name, module in sys.modules.items()}
    (tmp_path / "helper.py").write_text("text = 'first'")
    first = write_app(tmp_path, "import helper\n" + HIDING)
    assert set(asyncio.run(functions(first))) == {"all", "health"}
    assert "echo" in asyncio.run(functions(FIXTURE))
    assert sys.path == path
    assert not {"function_app", "helper"} & (sys.modules.keys() - modules)
    assert {name: id(sys.modules[name]) for name in modules} == modules


def test_two_workers_at_once_are_refused() -> None:
    async def run() -> None:
        async with Worker.running(FIXTURE):
            await Worker().start(FIXTURE)

    with pytest.raises(RuntimeError, match="stop it first"):
        asyncio.run(run())


def test_a_real_client_gets_the_same_answers() -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")

    async def check(host: Host) -> list[bytes]:
        async with serve(host) as address:
            port = int(address.rpartition(":")[2])
            framing = b"Content-Length: 4\r\n\r\nbody"
            chunks = b"Transfer-Encoding: chunked\r\n\r\n4\r\nlost\r\n0\r\n\r\n"
            return [await _send(port, framing), await _send(port, chunks)]

    framed, chunked = on_host(check)
    assert framed.startswith(b"HTTP/1.1 200")
    assert b"body" in framed
    assert chunked.startswith(b"HTTP/1.1 200")
    assert b"lost" not in chunked


async def _send(port: int, rest: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /v1/echo/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-functions-key: "
    writer.write(f"{head}{KEY}\r\n".encode() + rest)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer
