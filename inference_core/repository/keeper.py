"""Looks after a repository now and then: unloads what is idle, follows what changes on disk."""

import logging
import threading
import time
from pathlib import Path

from inference_core.errors import SatchelError
from inference_core.repository.finding import find_bundles, stamp
from inference_core.repository.listing import read_entry
from inference_core.repository.repository import Repository
from inference_core.settings import Settings

_log = logging.getLogger("satchel")

_PERIOD = 0.5  # seconds; what people take for "at once"


class Keeper:
    """A thread that runs while a repository is served, if the settings give it anything to do."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self._repository = repository
        self._settings = settings
        self._seen: dict[Path, tuple[int, ...]] = {entry.path: entry.stamp for entry in repository.entries()}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begins to look, where there is anything to look after."""
        if self._settings.idle_unload_s or self._settings.reload:
            self._thread.start()

    def stop(self) -> None:
        """Ends it; nothing is loaded or unloaded by it afterwards."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def unload_idle(self) -> None:
        """Unloads what nobody has used for as long as the settings say."""
        for entry in self._repository.entries():
            model = entry.model
            if model is not None and time.monotonic() - model.last_used >= self._settings.idle_unload_s:
                _log.info("%s %s is unloaded: nobody used it", entry.name, entry.version)
                self._repository.put_aside(entry)

    def follow_disk(self) -> None:
        """Takes up bundles that are new, and loads again those whose files changed, once for each change.

        What cannot be used is logged, and leaves what serves as it is.
        """
        known = {entry.path: entry for entry in self._repository.entries()}
        for path in find_bundles(self._settings.models):
            now = stamp(path)
            if now in ((), self._seen.get(path)):
                continue
            self._seen[path] = now
            _log.info("%s is new or has changed", path)
            if path in known:
                self._repository.renew(known[path])
                continue
            try:
                entry = read_entry(path)
                if not self._settings.only or entry.name in self._settings.only:
                    self._repository.take_up(entry)
            except SatchelError:
                _log.exception("%s cannot be taken up", path)

    def _run(self) -> None:
        while not self._stop.wait(_PERIOD):
            try:
                if self._settings.idle_unload_s:
                    self.unload_idle()
                if self._settings.reload:
                    self.follow_disk()
            except (SatchelError, OSError):  # a directory that is gone for a moment must not end the watch
                _log.exception("the models on disk cannot be looked at")
