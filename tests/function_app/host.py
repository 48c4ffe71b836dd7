"""Stands in for the Functions host in front of a `Worker`, doing only what the real one does."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.function_app.routes import RouteOrder, build_routes, find_route
from tests.function_app.worker import Function, InvocationError, Response, Worker

_LEVELS = {"anonymous": 0, "function": 1, "admin": 2}
_NO_BODY = (204, 304)


@dataclass(frozen=True)
class HostSettings:
    """What host.json and the environment decide. A limit of None means there is none."""

    route_prefix: str = "api"
    max_outstanding_requests: int | None = None
    max_concurrent_requests: int | None = None
    body_limit: int = 104_857_600

    @classmethod
    def read(cls, app_dir: Path, environ: Mapping[str, str] = os.environ) -> HostSettings:
        """Read host.json, and FUNCTIONS_REQUEST_BODY_SIZE_LIMIT from the environment."""
        file = app_dir / "host.json"
        http = json.loads(file.read_text()).get("extensions", {}).get("http", {})
        return cls(
            route_prefix=http.get("routePrefix", cls.route_prefix).strip("/"),
            max_outstanding_requests=_limit(http, "maxOutstandingRequests"),
            max_concurrent_requests=_limit(http, "maxConcurrentRequests"),
            body_limit=int(environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", cls.body_limit)),
        )


class Host:
    """Routes, checks keys, limits, and hands what is left to the worker.

    Not modelled: claims, CORS, the 230 s timeout of the load balancer, several workers.
    """

    def __init__(
        self,
        worker: Worker,
        settings: HostSettings,
        *,
        function_key: str = "function-key",
        master_key: str = "master-key",
        route_order: RouteOrder = "name",
    ) -> None:
        self.worker = worker
        self.settings = settings
        self.function_key = function_key
        self.master_key = master_key
        self.errors: list[InvocationError] = []
        self._routes = build_routes(worker.functions, settings.route_prefix, route_order)
        self._outstanding = 0
        concurrent = settings.max_concurrent_requests
        self._slots: AbstractAsyncContextManager[None] = (
            asyncio.Semaphore(concurrent) if concurrent is not None else nullcontext()
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        key: str | None = None,
        chunked: bool = False,
    ) -> Response:
        """Answer a request. `path` may end in a query; `key` is sent as x-functions-key."""
        route, _, query = path.partition("?")
        found = find_route(self._routes, method, route)
        if found is None:
            return Response(404)
        limit = self.settings.max_outstanding_requests
        if limit is not None and self._outstanding >= limit:
            return Response(429)
        sent = _headers(headers or {}, body, key, chunked)
        self._outstanding += 1
        try:
            async with self._slots:  # those beyond the limit wait here, as on Azure
                if not self._allows(found[0], sent, query):
                    return Response(401)
                return await self._call(found, method, path, sent, body)
        finally:
            self._outstanding -= 1

    async def warm_up(self) -> None:
        """What the host does on a fresh instance: call the function named "warmup", if any."""
        for function in self.worker.functions:
            if function.trigger == "warmupTrigger" and function.name.lower() == "warmup":
                await self.worker.invoke_warmup(function.name)

    def _allows(self, function: Function, headers: Mapping[str, str], query: str) -> bool:
        """A key in the header hides the one in the query, even when it is wrong."""
        key = headers.get("x-functions-key", dict(reversed(parse_qsl(query))).get("code"))
        known = {self.function_key: "function", self.master_key: "admin"}
        level = known.get(key, "anonymous") if key else "anonymous"
        return _LEVELS[level] >= _LEVELS[function.auth_level or "function"]

    async def _call(
        self,
        found: tuple[Function, dict[str, str]],
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Response:
        function, values = found
        length = int(headers.get("content-length", 0))
        if length > self.settings.body_limit:
            return Response(500)  # not 413: Azure/azure-functions-host #10519
        url = f"http://{headers['host']}/{path.removeprefix('/')}"
        forwarded = body if length > 0 else b""
        try:
            answer = await self.worker.invoke_http(
                function.name,
                method,
                url,
                headers=headers,
                query=_query(path),
                route_params=values,
                body=forwarded,
            )
        except InvocationError as error:
            self.errors.append(error)
            return Response(500)
        return _without_body(answer) if method.upper() == "HEAD" else _checked(answer)


def _limit(http: Mapping[str, Any], name: str) -> int | None:
    value = http.get(name)
    return None if value in (None, -1) else int(value)


def _headers(given: Mapping[str, str], body: bytes, key: str | None, chunked: bool) -> dict[str, str]:
    """The request's headers as the host passes them on: lower case, with the body's framing."""
    framing = ("content-length", "transfer-encoding")
    headers = {"host": "localhost"} | {name.lower(): value for name, value in given.items()}
    headers = {name: value for name, value in headers.items() if name not in framing}
    if key is not None:
        headers["x-functions-key"] = key
    if chunked:
        return headers | {"transfer-encoding": "chunked"}
    return headers | {"content-length": str(len(body))} if body else headers


def _query(path: str) -> dict[str, str]:
    """Repeated names joined with commas, empty values left out: so the host sends them."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(path.partition("?")[2]):
        values.setdefault(name, []).append(value)
    return {name: ",".join(several) for name, several in values.items()}


def _without_body(answer: Response) -> Response:
    return Response(answer.status, answer.headers, b"", answer.cookies)


def _checked(answer: Response) -> Response:
    """The web server refuses to write a body under a status that forbids one."""
    return Response(500) if answer.status in _NO_BODY and answer.body else answer
