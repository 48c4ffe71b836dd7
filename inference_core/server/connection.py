"""The client's end of a request: work for a client that has gone away is given up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from starlette.requests import Request

from inference_core.errors import BadRequestError

T = TypeVar("T")


def client_left() -> BadRequestError:
    """The answer that nobody reads; it keeps a broken connection out of the log of defects."""
    return BadRequestError("the client closed the connection before it had its answer")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled as soon as the client goes away. The body must have been read.

    Raises:
        BadRequestError: the client left first.
    """
    waiting = cast("asyncio.Task[object]", asyncio.current_task())
    left = False

    async def watch() -> None:
        nonlocal left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left = True
        waiting.cancel()

    watching = asyncio.ensure_future(watch())
    try:
        return await work
    except asyncio.CancelledError:
        if left and waiting.uncancel() == 0:  # else somebody else wants it to end, too
            raise client_left() from None
        raise
    finally:
        watching.cancel()
