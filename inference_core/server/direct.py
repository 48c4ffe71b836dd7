"""A shorter way for the routes that inference and probes take.

FastAPI's search for a route and its reading of parameters cost several times what our own part of a request does, and
its import costs more than that of all else here. The routes named here are still FastAPI's for the OpenAPI document,
with the same functions behind them; a request for one is answered before FastAPI is asked, or even imported.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from inference_core.errors import SatchelError
from inference_core.server.answers import failure_answer, local_path

Handler = Callable[[Request], Awaitable[Response]]
ModelHandler = Callable[[Request, str, str | None], Awaitable[Response]]


class DirectRoute:
    """A route whose function takes the request alone.

    Args:
        method: such as `POST`.
        path_format: such as `/models/{name}/predict`; parameters hold no slash.
        handler: the function.
    """

    def __init__(self, method: str, path_format: str, handler: Handler) -> None:
        self.method = method
        self.path_format = path_format
        self.handler = handler
        self._pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path_format)))

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that is this route's."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()


def of_model(method: str, path_format: str, handler: ModelHandler) -> DirectRoute:
    """A route whose function takes the model's name, too, and its version, where the path or the query has one."""

    async def named(request: Request) -> Response:
        given = request.path_params
        return await handler(request, given["name"], given.get("version", request.query_params.get("version")))

    return DirectRoute(method, path_format, named)


class Directly:
    """Middleware that answers for some routes itself; belongs inside of every other.

    Args:
        app: answers all else.
        routes: the routes.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[DirectRoute]) -> None:
        self._app = app
        self._routes: defaultdict[str, list[DirectRoute]] = defaultdict(list)
        for route in routes:
            self._routes[route.method].append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = local_path(scope)
            for route in self._routes.get(scope["method"], ()):
                parameters = route.match(path)
                if parameters is not None:
                    scope["path_params"], scope["route"] = parameters, route
                    await self._answer(route.handler, Request(scope, receive, send), scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, handler: Handler, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await handler(request)
        except SatchelError as error:
            response = failure_answer(request, error)
        await response(scope, receive, send)
