"""Satchel as an Azure Function: every request goes to the same ASGI application that `satchel serve` runs.

The host tries routes in the order of the functions' names: `health` must sort before the catch-all `serve`.
"""

import azure.functions as func
from azure.functions.warmup import WarmUpContext

from door import Door

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_door = Door()


@app.function_name("health")
@app.route("health/{*probe}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Liveness and readiness for probes, which have no key. Liveness waits for nothing: only the process matters."""
    if req.route_params.get("probe") == "live":
        return func.HttpResponse('{"status":"live"}', mimetype="application/json")
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
