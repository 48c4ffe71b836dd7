"""Puts a `Host` behind a real socket, for benchmarks and for clients that need one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from tests.function_app.host import Host

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


@asynccontextmanager
async def serve(host: Host, port: int = 0) -> AsyncIterator[str]:
    """Listen on loopback for as long as the context lasts; gives the address."""
    import uvicorn

    async def app(scope: _Message, receive: _Receive, send: _Send) -> None:
        await _answer(host, scope, receive, send)

    config = uvicorn.Config(app, port=port, lifespan="off", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the server ended before it had started")
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def _answer(host: Host, scope: _Message, receive: _Receive, send: _Send) -> None:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
    body = await _read(receive)
    chunked = "transfer-encoding" in headers
    answer = await host.request(scope["method"], path, headers=headers, body=body, chunked=chunked)
    pairs = [*answer.headers.items(), *(("set-cookie", cookie) for cookie in answer.cookies)]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


async def _read(receive: _Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)
