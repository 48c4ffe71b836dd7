"""A shorter way for the routes that inference takes.

FastAPI's search for a route and its reading of parameters cost several times what our own part of a request does. The
routes named here are still FastAPI's for the OpenAPI document, with the same functions behind them; a request for one
is answered before FastAPI's router is asked.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from inference_core.errors import SatchelError
from inference_core.server.answers import failure_answer

Handler = Callable[[Request], Awaitable[Response]]


class DirectRoute:
    """A POST route whose function takes the request alone.

    Args:
        path_format: such as `/models/{name}/predict`; parameters hold no slash.
        handler: the function.
    """

    def __init__(self, path_format: str, handler: Handler) -> None:
        self.path_format = path_format
        self.handler = handler
        self._pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path_format)))

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters of a path that is this route's."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()


class Directly:
    """Middleware that answers for some routes itself; belongs inside of every other.

    Args:
        app: answers all else.
        routes: the routes.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[DirectRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and not scope.get("root_path"):
            for route in self._routes:
                parameters = route.match(scope["path"])
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
