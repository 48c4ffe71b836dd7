"""A loaded bundle behind its queue, and who uses it."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from inference_core.bundle import Artifact, Bundle, open_bundle
from inference_core.engines import EngineDescription
from inference_core.limits import Limits
from inference_core.observer import Observer
from inference_core.overflow import Overflow
from inference_core.placement import is_on_board, open_predictors
from inference_core.predictor import Predictor
from inference_core.scheduler import Batches, Scheduler
from inference_core.settings import Settings


class Model:
    """One loaded bundle. It closes when it has been retired and its last user has left."""

    def __init__(
        self, bundle: Bundle, artifact: Artifact, scheduler: Scheduler | Overflow, engine: EngineDescription
    ) -> None:
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
            bundle = undo.enter_context(open_bundle(path, artifacts=is_on_board(settings)))
            predictors = open_predictors(bundle, settings, observer, alone=alone)
            for predictor in predictors:
                undo.enter_context(closing(predictor))
            for predictor in predictors:
                predictor.warm_up()
            undo.pop_all()
        first = predictors[0]
        return cls(bundle, first.artifact, _queue(predictors, settings, observer), first.describe())

    def check_ready(self) -> None:
        """Raises NotReadyError where nothing can be predicted now."""
        self.scheduler.check_ready()

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


def _queue(predictors: Sequence[Predictor], settings: Settings, observer: Observer) -> Scheduler | Overflow:
    """The queue before the first of them; where there is a second, what overflows goes to its own."""
    first, *others = (
        _schedule(predictor, settings, observer, predictor.manifest.name + suffix)
        for predictor, suffix in zip(predictors, ("", " overflow"), strict=False)
    )
    return Overflow(first, others[0], observer) if others else first


def _schedule(predictor: Predictor, settings: Settings, observer: Observer, queue_name: str) -> Scheduler:
    engine = predictor.describe()
    tuning = predictor.manifest.tuning
    row = tuning and tuning.row(engine.engine, engine.precision)
    return Scheduler(
        predictor,
        # One request decodes while another is in the engine: as many workers as threads keep both busy.
        workers=engine.threads * engine.instances,
        queue_size=settings.queue_size,
        timeout=settings.timeout_ms / 1e3,
        batches=Batches(settings.max_batch or (row.batch_size if row else 1), settings.batch_delay_ms / 1e3),
        observer=observer,
        queue_name=queue_name,
    )
