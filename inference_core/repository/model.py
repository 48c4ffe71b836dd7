"""A loaded bundle behind its queue, and who uses it."""

import threading
import time
from contextlib import ExitStack
from pathlib import Path

from inference_core.bundle import Artifact, Bundle, open_bundle
from inference_core.engines import EngineDescription
from inference_core.limits import Limits
from inference_core.observer import Observer
from inference_core.placement import open_predictor, warn_elsewhere
from inference_core.scheduler import Scheduler
from inference_core.settings import Settings


class Model:
    """One loaded bundle. It closes when it has been retired and its last user has left."""

    def __init__(self, bundle: Bundle, artifact: Artifact, scheduler: Scheduler, engine: EngineDescription) -> None:
        self.bundle = bundle
        self.artifact = artifact
        self.manifest = bundle.manifest
        self.scheduler = scheduler
        self.engine = engine
        self.last_used = time.monotonic()
        self._users = 0
        self._retired = False
        self._free = threading.Condition()

    @classmethod
    def load(cls, path: Path, settings: Settings, observer: Observer, *, alone: bool) -> "Model":
        """Opens, verifies, loads and warms the bundle at `path`.

        Args:
            path: a bundle.
            settings: of this process.
            observer: is told of the queue.
            alone: whether no other model shares the CPUs.

        Raises:
            BundleError: it is unusable.
            EngineError, MissingDependencyError: an engine cannot run it.
        """
        with ExitStack() as undo:
            bundle = undo.enter_context(open_bundle(path))
            warn_elsewhere(bundle.manifest)
            predictor = undo.enter_context(open_predictor(bundle, settings, alone=alone))
            predictor.warm_up()
            undo.pop_all()
        engine = predictor.describe()
        row = bundle.manifest.tuning and bundle.manifest.tuning.row(engine.engine, engine.precision)
        scheduler = Scheduler(
            predictor,
            # One request decodes while another is in the engine: as many workers as threads keep both busy.
            workers=engine.threads * engine.instances,
            queue_size=settings.queue_size,
            timeout=settings.timeout_ms / 1e3,
            max_batch=settings.max_batch or (row.batch_size if row else 1),
            batch_delay=settings.batch_delay_ms / 1e3,
            observer=observer,
        )
        return cls(bundle, predictor.artifact, scheduler, engine)

    @property
    def limits(self) -> Limits:
        """What whoever runs the server wants otherwise than the bundle says."""
        return self.scheduler.limits

    @property
    def users(self) -> int:
        """Requests that hold it now."""
        return self._users

    def enter(self) -> bool:
        """Counts a user, who has to leave again. False where it has been retired: it is no longer to be had."""
        with self._free:
            if self._retired:
                return False
            self._users += 1
            self.last_used = time.monotonic()
            return True

    def leave(self) -> None:
        """The end of what `enter` began."""
        with self._free:
            self._users -= 1
            self.last_used = time.monotonic()
            self._free.notify_all()

    def retire(self) -> None:
        """Lets nobody else in, waits for its users, finishes what is queued, and frees engine and unpacked files."""
        with self._free:
            if self._retired:
                return
            self._retired = True
            self._free.wait_for(lambda: self._users == 0)
        self.scheduler.close()
        self.bundle.close()
