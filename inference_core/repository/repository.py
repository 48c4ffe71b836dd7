"""The models of one process: found, loaded, warm, each behind its queue; loaded again and unloaded while it serves."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Self

from inference_core.errors import BundleError, EngineError, LoadFailedError, NotReadyError, SatchelError
from inference_core.limits import AS_PACKED, Limits
from inference_core.observer import Observer, Silent
from inference_core.repository.catalog import Catalog
from inference_core.repository.entry import Entry
from inference_core.repository.finding import stamp
from inference_core.repository.listing import choose
from inference_core.repository.model import Model
from inference_core.settings import Settings

_log = logging.getLogger("satchel")


class Repository:
    """Models by name and version. Safe to use from any thread; what takes long runs on threads of its own."""

    def __init__(self, settings: Settings, entries: Iterable[Entry], observer: Observer) -> None:
        self._settings = settings
        self._observer = observer
        self._catalog = Catalog(entries)
        self._limits: dict[str, Limits] = {}
        self._lock = threading.RLock()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._retirer = ThreadPoolExecutor(4, thread_name_prefix="retire")

    @classmethod
    def load(cls, settings: Settings, observer: Observer | None = None) -> Self:
        """Finds every bundle that the settings name, and loads and warms them unless they are to wait for requests.

        Raises:
            BundleError: there is none, one is unusable, or two have one name and version.
            EngineError, MissingDependencyError: an engine cannot run one.
            NotFoundError: a name that was chosen is not there.
        """
        repository = cls(settings, choose(settings), observer or Silent())
        try:
            if settings.load == "eager":
                for entry in repository.entries()[: settings.max_active or None]:
                    repository._load(entry)
        except BaseException:
            repository.close()
            raise
        return repository

    def entries(self) -> list[Entry]:
        """Every version of every model, in the order of their paths."""
        return self._catalog.entries()

    def versions(self, name: str) -> list[Entry]:
        """The versions of one model, the newest first. Raises NotFoundError where there is no such model."""
        return self._catalog.versions(name)

    def entry(self, name: str, version: str | None = None) -> Entry:
        """See `Catalog.find`."""
        return self._catalog.find(name, version)

    def all(self) -> list[Model]:
        """Every model that is loaded, in the order of their paths."""
        return [entry.model for entry in self.entries() if entry.model is not None]

    @asynccontextmanager
    async def lease(self, name: str, version: str | None = None) -> AsyncIterator[Model]:
        """A model, loaded now if it has to be, that stays while it is held, whatever is loaded or unloaded meanwhile.

        Raises:
            NotFoundError: there is no such model, or no such version of it.
            NotReadyError: it was unloaded on purpose, or cannot be loaded.
        """
        model = None
        while model is None or not model.enter():  # one that has just been replaced lets nobody in
            entry = self.entry(name, version)
            model = entry.model or await self._wait_loaded(entry)
        try:
            yield model
        finally:
            model.leave()

    async def load_model(self, name: str, version: str | None = None) -> None:
        """Loads a version, or all versions, of a model; one that is loaded is loaded again if its files changed.

        The old one serves until the new one is warm; should the new one fail, the old one stays.

        Raises:
            NotFoundError: there is no such model, or no such version of it.
            SatchelError: it cannot be loaded.
        """
        for entry in [self.entry(name, version)] if version else self.versions(name):
            with self._lock:
                entry.kept_out = False
                current = entry.model is not None and entry.stamp == stamp(entry.path)
                future = None if current else self._begin(entry)
            if future is not None:
                await asyncio.shield(asyncio.wrap_future(future))

    async def unload_model(self, name: str, version: str | None = None) -> None:
        """Unloads a version, or all versions, of a model, once the requests that it has are answered.

        Raises:
            NotFoundError: there is no such model, or no such version of it.
        """
        for entry in [self.entry(name, version)] if version else self.versions(name):
            with self._lock:
                entry.kept_out = True
                retired = self._take_out(entry)
            if retired is not None:
                await asyncio.shield(asyncio.wrap_future(retired))

    def set_limits(self, name: str, limits: Limits) -> None:
        """What every request of a model gets that does not say otherwise, until the process ends.

        Raises:
            NotFoundError: there is no such model.
        """
        with self._lock:
            found = self.versions(name)
            self._limits[name] = limits
            for entry in found:
                if entry.model is not None:
                    entry.model.scheduler.limits = limits

    def limits(self, name: str) -> Limits:
        """What `set_limits` was last given for a model."""
        return self._limits.get(name, AS_PACKED)

    def put_aside(self, entry: Entry) -> None:
        """Unloads what nobody uses; the next request loads it again."""
        with self._lock:
            if entry.model is not None and not entry.model.users:
                self._take_out(entry)

    def take_up(self, entry: Entry) -> None:
        """Adds a bundle that was not there at the start.

        Raises:
            BundleError: there is one of this name and version.
        """
        with self._lock:
            self._catalog.add(entry)
            if self._settings.load == "eager":
                self._begin(entry)

    def renew(self, entry: Entry) -> None:
        """Loads the files of an entry again, which have changed; one that is not loaded waits for its next request."""
        with self._lock:
            entry.failure = None
            if entry.model is not None:
                self._begin(entry)

    def close(self) -> None:
        """Finishes what is queued and frees every model."""
        self._loader.shutdown(wait=True, cancel_futures=True)
        for entry in self.entries():
            self._take_out(entry)
        self._retirer.shutdown(wait=True)

    async def _wait_loaded(self, entry: Entry) -> Model:
        with self._lock:
            if entry.model is not None:
                return entry.model
            if entry.kept_out:
                raise NotReadyError(
                    f"model {entry.name} {entry.version} is unloaded", remedy=f"load it: POST /models/{entry.name}/load"
                )
            if entry.failure is not None:
                raise LoadFailedError(
                    f"model {entry.name} {entry.version} could not be loaded: {entry.failure.message}",
                    got=entry.failure.got,
                    expected=entry.failure.expected,
                    remedy=entry.failure.remedy,
                )
            future = self._begin(entry)
        return await asyncio.shield(asyncio.wrap_future(future))

    def _begin(self, entry: Entry) -> Future[Model]:
        """The load that is under way, or one that begins now."""
        if entry.loading is None:
            entry.loading = self._loader.submit(self._load, entry)
            self._tell(entry)
        return entry.loading

    def _load(self, entry: Entry) -> Model:
        """Loads into a second place, and puts the new model there for the old one in one step."""
        try:
            self._make_room(entry)
            taken = stamp(entry.path)
            model = Model.load(entry.path, self._settings, self._observer, alone=len(self.entries()) == 1)
            old = self._put_in(entry, model, taken)
        except Exception as error:
            failure = error if isinstance(error, SatchelError) else EngineError(str(error), got=type(error).__name__)
            with self._lock:
                entry.failure, entry.loading = failure, None
                self._tell(entry)
            if entry.model is not None:
                _log.exception("%s cannot be loaded again; the old one serves on", entry.path)
            raise failure from error
        if old is not None:
            self._retirer.submit(old.retire)
        return model

    def _put_in(self, entry: Entry, model: Model, taken: tuple[int, ...]) -> Model | None:
        """Makes `model` the one that requests get; returns the one they got before."""
        key = model.manifest.name, model.manifest.version
        with self._lock:
            try:
                self._catalog.check_free(entry, key)
            except BundleError:
                model.retire()
                raise
            old, entry.model = entry.model, model
            entry.manifest, entry.stamp, entry.failure, entry.loading = model.manifest, taken, None, None
            self._catalog.renamed()
            model.scheduler.limits = self.limits(entry.name)
            self._tell(entry)
        return old

    def _make_room(self, entry: Entry) -> None:
        """Unloads what was used longest ago where the settings allow no more models."""
        while self._settings.max_active and entry.model is None:
            with self._lock:
                loaded = [(each.model.users > 0, each.model.last_used, each) for each in self.entries() if each.model]
                if len(loaded) < self._settings.max_active:
                    return
                victim = min(loaded, key=lambda use: use[:2])[2]
                retired = self._take_out(victim)
            _log.info("%s %s is unloaded to make room for %s", victim.name, victim.version, entry.name)
            if retired is not None:
                retired.result()

    def _take_out(self, entry: Entry) -> Future[None] | None:
        """Takes the model away from requests to come; the future is done when those it has are answered."""
        with self._lock:
            model, entry.model = entry.model, None
            if model is None:
                return None
            self._tell(entry)
            return self._retirer.submit(model.retire)

    def _tell(self, entry: Entry) -> None:
        self._observer.state(entry.name, entry.version, entry.state)
