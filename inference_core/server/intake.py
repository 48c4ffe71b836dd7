"""How many bytes of bodies may be held at once, of all requests together."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference_core.errors import BusyError


class Intake:
    """ASGI middleware. Bytes count from when they are received to the end of their request's answer.

    Each body has a limit of its own, but many connections could fill the memory together: uvicorn reads ahead only
    64 KiB of a body that nobody asks for, so what is not received here stays with the client.

    Args:
        app: what answers; inside, so that its error handlers see what is raised here.
        limit: most bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._left = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = 0

        async def counted() -> Message:
            nonlocal held
            message = await receive()
            size = len(message.get("body", b""))
            if size > self._left:
                raise self._full()
            self._left -= size
            held += size
            return message

        try:
            await self._app(scope, counted, send)
        finally:
            self._left += held

    def _full(self) -> BusyError:
        return BusyError(
            "the server holds as many bytes of requests as it may",
            got=f"{self._limit - self._left} bytes",
            expected=f"at most {self._limit}",
            remedy="try again after the time in Retry-After, or raise SATCHEL_MAX_BODIES_MB",
        )
