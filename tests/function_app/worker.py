"""Runs a function app under the runtime that production runs, in this process.

`azure-functions-runtime` is the code that indexes, binds and calls Python functions on Azure. Only
the host process and the wire between the two are missing here, and neither changes what the app
sees: `Host` in host.py stands in for the first, plain objects for the second.
"""

from __future__ import annotations

import importlib
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

from tests.function_app.messages import (
    PROTOS,
    Datum,
    Function,
    IndexingError,
    InvocationError,
    Response,
    read_function,
    read_response,
)

__all__ = ["Function", "IndexingError", "InvocationError", "Response", "Worker"]

_RUNTIME = "azure_functions_runtime"
_APP = "function_app"


class Worker:
    """One app at a time: the runtime and the app's module are global to a process.

    Several may follow one another; each gets a fresh copy of both. Use `Worker.running`, or call
    `stop` after `start`. Await everything on one event loop, as the real worker does.
    """

    _current: ClassVar[Worker | None] = None

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self._app_dir = Path()
        self._modules_before: dict[str, ModuleType] = {}
        self._runtime: Any = None
        self._native: Any = None
        self._datum: Any = None

    @classmethod
    @asynccontextmanager
    async def running(cls, app_dir: Path) -> AsyncIterator[Worker]:
        """A started worker, stopped on the way out."""
        worker = cls()
        await worker.start(app_dir)
        try:
            yield worker
        finally:
            worker.stop()

    async def start(self, app_dir: Path) -> None:
        """Import the app and index its functions; `IndexingError` tells what the host would log."""
        if Worker._current is not None:
            raise RuntimeError("another Worker runs in this process: stop it first")
        Worker._current = self
        self._app_dir = app_dir.resolve()
        self._modules_before = dict(sys.modules)
        try:
            self._isolate()
            self.functions = await self._index()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Forget the app: end its threads, take its modules and its path away again."""
        if Worker._current is not self:
            return
        Worker._current = None
        if self._runtime is not None:
            self._runtime.stop_threadpool_executor()
        path = str(self._app_dir)
        if path in sys.path:
            sys.path.remove(path)
        for name in [name for name in sys.modules if name not in self._modules_before]:
            if self._is_own(sys.modules[name]):
                del sys.modules[name]
        _take_modules(_RUNTIME)
        _take_modules(_APP)
        old = self._modules_before.items()
        sys.modules.update({name: module for name, module in old if name not in sys.modules})

    async def invoke_http(
        self,
        name: str,
        method: str = "GET",
        url: str = "http://localhost/",
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        route_params: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        """Call an HTTP function with what the host would send it."""
        request = {
            "method": self._datum(method, "string"),
            "url": self._datum(url, "string"),
            "headers": self._strings(headers),
            "query": self._strings(query),
            "params": self._strings(route_params),
            "body": self._datum(body, "bytes"),
        }
        return read_response(await self._invoke(name, self._datum(request, "http")))

    async def invoke_warmup(self, name: str = "warmup") -> None:
        """Call a warm-up function; its argument carries nothing."""
        await self._invoke(name, self._datum("{}", "json"))

    def _isolate(self) -> None:
        """Let `import function_app` and the runtime start from nothing."""
        _take_modules(_RUNTIME)
        _take_modules(_APP)
        sys.path.insert(0, str(self._app_dir))
        importlib.invalidate_caches()
        self._runtime = importlib.import_module(_RUNTIME)
        self._native = importlib.import_module(f"{_RUNTIME}.native_invocation")
        self._datum = importlib.import_module(f"{_RUNTIME}.bindings.datumdef").Datum
        self._runtime.start_threadpool_executor()

    def _is_own(self, module: ModuleType) -> bool:
        """Whether a module belongs to the app; packages installed inside its folder stay."""
        file = getattr(module, "__file__", None)
        path = Path(file) if file else None
        return path is not None and path.is_relative_to(self._app_dir) and "site-packages" not in path.parts

    async def _index(self) -> list[Function]:
        details = SimpleNamespace(capabilities={}, function_app_directory=str(self._app_dir))
        request = SimpleNamespace(
            request=SimpleNamespace(worker_init_request=details),
            properties={"host": "127.0.0.1", "protos": PROTOS},
        )
        answer = await self._runtime.worker_init_request(request)
        if answer.result.status != PROTOS.StatusResult.Success:
            error = answer.result.exception
            raise IndexingError(f"{error.message}\n{error.stack_trace}")
        metadata = await self._runtime.functions_metadata_request(request)
        if not metadata.function_metadata_results:
            raise IndexingError(f"no functions found: write some in {self._app_dir / _APP}.py")
        return [read_function(found) for found in metadata.function_metadata_results]

    async def _invoke(self, name: str, datum: Datum) -> Datum:
        function = next((known for known in self.functions if known.name == name), None)
        if function is None:
            names = ", ".join(known.name for known in self.functions)
            raise KeyError(f"no function is named {name!r}; the app has: {names}")
        ok, returned, _, error, trace = await self._native.invocation_request_native(
            str(uuid.uuid4()), function.function_id, [(function.argument, datum)], {}
        )
        if not ok:
            raise InvocationError(f"{error}\n{trace}")
        answer: Datum = returned
        return answer

    def _strings(self, values: Mapping[str, str] | None) -> dict[str, Any]:
        return {name: self._datum(value, "string") for name, value in (values or {}).items()}


def _take_modules(package: str) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
