"""The head of a request: more than any client of ours sends is refused before it is looked at."""

from starlette.types import ASGIApp, Receive, Scope, Send

from inference_core.errors import HeadersTooLargeError, SatchelError, UrlTooLongError
from inference_core.server.answers import error_answer

MAX_URL = 8 * 1024
"""Bytes of path and query together."""

MAX_HEADERS = 100

MAX_HEADER_BYTES = 32 * 1024
"""Of all names and values together."""


class HeadGuard:
    """Middleware that answers 414 to a longer URL, and 431 to more headers or longer ones.

    A server has read a head before the application sees it: what a head may cost until then is the server's to limit,
    as `protocol.BoundedProtocol` does.

    Args:
        app: what is guarded.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (error := _complaint(scope)) is not None:
            await error_answer(error, scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _complaint(scope: Scope) -> SatchelError | None:
    headers = scope["headers"]
    url = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if url > MAX_URL:
        return UrlTooLongError("the URL is too long", got=f"{url} bytes", expected=f"at most {MAX_URL} bytes")
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        return HeadersTooLargeError(
            "the request has too many headers, or too long ones",
            got=f"{len(headers)} headers of {size} bytes",
            expected=f"at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes in all",
            remedy="leave out what no route asks for, such as cookies",
        )
    return None
