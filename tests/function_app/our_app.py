"""Our own app behind the stand-in for the host, with tiny models."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tests.assets import ROOT
from tests.function_app.host import Host, HostSettings
from tests.function_app.messages import Response
from tests.function_app.worker import Worker

APP = ROOT / "function_app"
KEY = "function-key"
T = TypeVar("T")


def on_host(check: Callable[[Host], Awaitable[T]]) -> T:
    """What `check` gives, on a fresh worker; no exception may leave a function, since the answer is lost with it."""

    async def run() -> T:
        async with Worker.running(APP) as worker:
            host = Host(worker, HostSettings.read(APP, {}))
            answer = await check(host)
            assert host.errors == []
            return answer

    return asyncio.run(run())


def ask(method: str, path: str, body: bytes = b"", key: str | None = KEY, **options: Any) -> Response:
    """The answer of a fresh worker."""
    return on_host(lambda host: host.request(method, path, body=body, key=key, **options))


def error(answer: Response) -> dict[str, Any]:
    """The error in an answer, which has all five facts."""
    found: dict[str, Any] = json.loads(answer.body)["error"]
    assert list(found) == ["code", "message", "got", "expected", "remedy"]
    return found
