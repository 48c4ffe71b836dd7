"""The client that waits."""

import functools
import time
from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from inference_core.client import calls
from inference_core.client.calls import Call
from inference_core.client.carrying import TIMEOUT, answer_of, arguments, options, pause_before_retry, reaching

P = ParamSpec("P")
T = TypeVar("T")


def _asking(call: Callable[P, Call[T]]) -> "Callable[Concatenate[Client, P], T]":
    """The method that makes a call and waits for what it means."""

    @functools.wraps(call)
    def ask(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client.ask(call(*args, **kwargs))

    return ask


class Client:
    """Asks a server. Threads may share it; connections are kept until it is closed.

    Every method raises a SatchelError where the server answers with one, UnreachableError where none answers, and
    DeadlineError where it takes too long.

    Args:
        url: of the server; it may end in a path that stands before all others.
        key: that opens the API.
        timeout: seconds that a call may take.
        retries: how often to ask again when the server is busy or not ready, each time after as long as it says.
    """

    def __init__(self, url: str, *, key: str | None = None, timeout: float = TIMEOUT, retries: int = 0) -> None:
        named = options(url, key)
        import httpx

        self._url, self._timeout, self._retries = url, timeout, retries
        self._http = httpx.Client(**named)

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

    def ask(self, call: Call[T]) -> T:
        """Makes any call of `inference_core.client.calls`."""
        retries = self._retries
        while True:
            with reaching(self._url):
                answer = answer_of(self._http.request(**arguments(call, self._timeout)))
            pause = pause_before_retry(answer, retries, self._timeout)
            if pause is None:
                return call.read(answer)
            time.sleep(pause)
            retries -= 1

    def close(self) -> None:
        """Ends its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
