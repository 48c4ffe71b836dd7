"""Satchel as an Azure Function: every request goes to the same ASGI application that `satchel serve` runs.

The host tries routes in the order of the functions' names: those that are open to all must sort before the
catch-all `serve`.
"""

from collections.abc import Awaitable, Callable

import azure.functions as func
from azure.functions.warmup import WarmUpContext

from door import Door

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
_Handler = Callable[[func.HttpRequest, func.Context], Awaitable[func.HttpResponse]]
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_door = Door()


def _open(name: str, route: str) -> Callable[[_Handler], object]:
    """Makes an async function the answer to GET `route`, without a key."""

    def register(handler: _Handler) -> object:
        routed = app.route(route, methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(handler)
        return app.function_name(name)(routed)

    return register


@_open("assets", "assets/{*file}")
async def assets(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What the page and the documentation are made of."""
    return await _door.answer(req, context)


@_open("docs", "docs")
async def docs(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The documentation."""
    return await _door.answer(req, context)


@_open("health", "health/{*probe}")
async def health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Liveness and readiness for probes, which have no key. Liveness waits for nothing: only the process matters."""
    if req.route_params.get("probe") == "live":
        return func.HttpResponse('{"status":"live"}', mimetype="application/json")
    return await _door.answer(req, context)


@_open("inference_health", "v2/health/{*probe}")
async def inference_health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The same for clients of the Open Inference Protocol."""
    if req.route_params.get("probe") == "live":
        return func.HttpResponse('{"live":true}', mimetype="application/json")
    return await _door.answer(req, context)


@_open("inference_server", "v2")
async def inference_server(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Name, version and extensions, which such clients ask for first."""
    return await _door.answer(req, context)


@_open("openapi", "openapi.json")
async def openapi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """What the documentation shows."""
    return await _door.answer(req, context)


@_open("page", "{nothing:maxlength(0)?}")
async def page(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """The page. An empty route would mean the function's name, so that this one is optional and always empty."""
    return await _door.answer(req, context)


@app.function_name("serve")
@app.route("{*path}", methods=_METHODS)
async def serve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Everything else, behind the function key."""
    return await _door.answer(req, context)


@app.function_name("warmup")
@app.warm_up_trigger("context")
async def warmup(context: WarmUpContext) -> None:
    """Loads the models on a new instance before it gets requests. It runs on scale-out only, not at every start."""
    await _door.open()
