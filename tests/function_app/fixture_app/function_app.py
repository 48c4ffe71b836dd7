"""An app with one function of each kind that the harness must handle."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import azure.functions as func
from azure.functions.warmup import WarmUpContext

Message = MutableMapping[str, Any]

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
warm: list[str] = []


async def asgi(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answers with the body if there is one, else with what it was asked."""
    body = (await receive())["body"]
    status, headers = 200, [(b"content-type", b"application/octet-stream")]
    path = scope["path"]
    if path.endswith("/empty"):
        status, headers = 204, []
    elif path.endswith("/cookies"):
        headers += [(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2; Secure")]
        headers += [(b"vary", b"accept"), (b"vary", b"origin")]
    else:
        asked = {"method": scope["method"], "path": path, "query": scope["query_string"].decode()}
        body = body or json.dumps(asked).encode()
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


middleware = func.AsgiMiddleware(asgi)  # type: ignore[no-untyped-call]


@app.route(route="echo/{name}", methods=["POST"])
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The body back, with what the host added to it; waits so that others can overtake."""
    await asyncio.sleep(0.01)
    headers = {
        "x-name": req.route_params["name"],
        "x-query": json.dumps(dict(req.params)),
        "x-invocation": context.invocation_id,
    }
    return func.HttpResponse(req.get_body(), headers=headers, mimetype="application/octet-stream")


@app.route(route="health/{*probe}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> str:
    """Not async: runs in the runtime's own threads."""
    return f"{req.route_params.get('probe', 'none')} {len(warm)}"


@app.route(methods=["GET"], auth_level=func.AuthLevel.ADMIN)
async def manage(req: func.HttpRequest) -> func.HttpResponse:
    """Without a route of its own: answers at its name."""
    return func.HttpResponse("managed")


@app.route(route="raise", methods=["GET"])
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    """Lets an exception leave the app."""
    raise LookupError("no such thing")


@app.warm_up_trigger("warmup_context")
async def warmup(warmup_context: WarmUpContext) -> None:
    """Remembers that it was called."""
    warm.append(type(warmup_context).__name__)


@app.route(route="{*path}")
async def web(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """All else, for the ASGI app."""
    answer: func.HttpResponse = await middleware.handle_async(req, context)
    return answer
