"""The state behind the doors: starting, ready, failed or stopped, and the models once there are any."""

import asyncio

from inference_core.errors import EngineError, LoadFailedError, NotReadyError, SatchelError
from inference_core.repository import Repository
from inference_core.settings import Settings


class Service:
    """Loads the models once, however many callers ask, and says whether they can be used.

    Args:
        settings: where the models are, and the limits of requests.
        repository: the models, where they are loaded already.
    """

    def __init__(self, settings: Settings, repository: Repository | None = None) -> None:
        self.settings = settings
        self._repository = repository
        self._failure: SatchelError | None = None
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
                    self._repository = await asyncio.to_thread(Repository.load, self.settings)
                except SatchelError as error:
                    self._failure = error
                    raise
                except Exception as error:  # a defect, remembered like the rest: loading again would not mend it
                    self._failure = EngineError(str(error), got=type(error).__name__)
                    raise self._failure from error

    async def stop(self) -> None:
        """Refuses new requests, waits for running ones, and frees the models."""
        self._stopped = True
        async with self._starting:
            if self._repository is not None:
                await asyncio.to_thread(self._repository.close)
                self._repository = None

    @property
    def models(self) -> Repository:
        """The loaded models.

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
