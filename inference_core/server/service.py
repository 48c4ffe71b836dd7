"""The state behind the doors: starting, ready, failed or stopping, and the models once there are any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from inference_core.errors import EngineError, LoadFailedError, NotReadyError, SatchelError
from inference_core.limits import Limits
from inference_core.repository import Model, Repository
from inference_core.repository.keeper import Keeper
from inference_core.server.metrics import Metrics
from inference_core.settings import Settings


class Service:
    """Loads the models once, however many callers ask, and says whether they can be used.

    Args:
        settings: where the models are, and the limits of requests.
        repository: the models, where they are loaded already.
        metrics: count what happens to them; those that `repository` was loaded with.
    """

    def __init__(
        self, settings: Settings, repository: Repository | None = None, metrics: Metrics | None = None
    ) -> None:
        self.settings = settings
        self.metrics = metrics or Metrics()
        self._repository = repository
        self._keeper: Keeper | None = None
        self._failure: SatchelError | None = None
        self.draining = False
        """Whether it has been told to stop."""
        self._stopped = False
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Loads the models in a thread; later and concurrent calls wait for the first.

        Raises:
            SatchelError: the models cannot be loaded. The same error answers every later call.
        """
        async with self._starting:
            if self._failure is not None:
                raise self._failure
            if self._repository is None:
                try:
                    self._repository = await asyncio.to_thread(Repository.load, self.settings, self.metrics)
                except SatchelError as error:
                    self._failure = error
                    raise
                except Exception as error:  # a defect, remembered like the rest: loading again would not mend it
                    self._failure = EngineError(str(error), got=type(error).__name__)
                    raise self._failure from error
            if self._keeper is None:
                self._keeper = Keeper(self._repository, self.settings)
                self._keeper.start()

    def drain(self) -> None:
        """Is no longer ready, so that no new requests are sent here; those that come all the same are answered."""
        self.draining = True

    async def stop(self) -> None:
        """Refuses new requests, answers those it has, and frees the models."""
        self._stopped = True
        async with self._starting:
            if self._keeper is not None:
                await asyncio.to_thread(self._keeper.stop)
            if self._repository is not None:
                await asyncio.to_thread(self._repository.close)
                self._repository = None

    @property
    def models(self) -> Repository:
        """The models.

        Raises:
            NotReadyError: still starting, stopped, or loading failed (the reason is in the message).
        """
        if self._repository is not None and not self._stopped:
            return self._repository
        if self._failure is not None:
            raise LoadFailedError(
                f"the models could not be loaded: {self._failure.message}",
                got=self._failure.got,
                expected=self._failure.expected,
                remedy=self._failure.remedy,
            )
        raise NotReadyError(
            "the service is stopping" if self._stopped else "the models are still loading",
            remedy="try again shortly, or watch /health/ready",
        )

    def ready(self) -> list[str]:
        """The names of the models that requests may ask for.

        Raises:
            NotReadyError: starting, draining, stopped, loading failed, or a model's remote service cannot be used.
        """
        entries = self.models.entries()
        if self.draining:
            raise NotReadyError("the service is stopping", remedy="send requests elsewhere")
        for entry in entries:
            if entry.model is not None:
                entry.model.check_ready()
        return list(dict.fromkeys(entry.name for entry in entries))

    @asynccontextmanager
    async def lease(self, name: str, version: str | None = None) -> AsyncIterator[Model]:
        """A model, loaded now if it has to be, that stays while it is held.

        Raises:
            NotFoundError: there is no such model, or no such version of it.
            NotReadyError: it cannot be had now.
        """
        async with self.models.lease(name, version) as model:
            yield model

    async def load(self, name: str, version: str | None = None) -> None:
        """See `Repository.load_model`."""
        await self.models.load_model(name, version)

    async def unload(self, name: str, version: str | None = None) -> None:
        """See `Repository.unload_model`."""
        await self.models.unload_model(name, version)

    def set_limits(self, name: str, limits: Limits) -> None:
        """See `Repository.set_limits`."""
        self.models.set_limits(name, limits)
