"""The client's end of a request: work for a client that has gone away is given up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

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
    task, watch = asyncio.ensure_future(work), asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise client_left()
        return task.result()
    finally:
        task.cancel()
        watch.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
