"""The client for event loops."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from inference_core.client import calls
from inference_core.client.calls import Call
from inference_core.client.carrying import TIMEOUT, answer_of, arguments, options, pause_before_retry, reaching

P = ParamSpec("P")
T = TypeVar("T")


def _asking(call: Callable[P, Call[T]]) -> "Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]":
    """The method that makes a call and gives what it means."""

    @functools.wraps(call)
    async def ask(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client.ask(call(*args, **kwargs))

    return ask


class AsyncClient:
    """`Client` with coroutines for methods. Pictures are read and encoded in the event loop's thread."""

    def __init__(self, url: str, *, key: str | None = None, timeout: float = TIMEOUT, retries: int = 0) -> None:
        named = options(url, key)
        import httpx

        self._url, self._timeout, self._retries = url, timeout, retries
        self._http = httpx.AsyncClient(**named)

    models = _asking(calls.models)
    describe = _asking(calls.describe)
    labels = _asking(calls.labels)
    status = _asking(calls.status)
    config = _asking(calls.config)
    set_config = _asking(calls.set_config)
    load = _asking(calls.load)
    unload = _asking(calls.unload)
    ready = _asking(calls.ready)
    version = _asking(calls.version)
    predict = _asking(calls.predict)
    predict_batch = _asking(calls.predict_batch)
    predict_image = _asking(calls.predict_image)

    async def ask(self, call: Call[T]) -> T:
        """Makes any call of `inference_core.client.calls`."""
        retries = self._retries
        while True:
            with reaching(self._url):
                answer = answer_of(await self._http.request(**arguments(call, self._timeout)))
            pause = pause_before_retry(answer, retries, self._timeout)
            if pause is None:
                return call.read(answer)
            await asyncio.sleep(pause)
            retries -= 1

    async def close(self) -> None:
        """Ends its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
