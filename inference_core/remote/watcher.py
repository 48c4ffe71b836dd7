"""Looks after the endpoints: finds out which are ready, and whether the model there is the bundle's."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from inference_core.bundle import Artifact
from inference_core.errors import EngineError
from inference_core.remote.agreement import agree
from inference_core.remote.connection import CallError, Connection, Failure
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.names import Interpreter
from inference_core.remote.plan import Plan

_log = logging.getLogger("satchel")

_PERIOD = 1.0
"""Seconds between two looks at what is out; what is well, or has a model that is not ours, gets every fifth."""
_CALM = 5
_STRIKES = 2
_MOST_AT_ONCE = 32


class Watcher:
    """A thread that probes the endpoints, one after the other, for as long as they are used.

    One that had been away is described anew when it comes back: it may have come back with another model.

    Args:
        plan: its `connect` is the time of a probe, and of a description.
        artifact: whose tensors must be those of the model there.
        endpoints: all of them.
        period: seconds between two rounds, give or take a quarter.
        chance: numbers from 0 to 1.
    """

    def __init__(
        self,
        plan: Plan,
        artifact: Artifact,
        endpoints: Sequence[Endpoint],
        *,
        period: float = _PERIOD,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._plan, self._artifact = plan, artifact
        self._period, self._chance = period, chance
        self._watched = [_Watched(endpoint) for endpoint in endpoints]
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Probes all of them at once, and begins to watch; does nothing the second time.

        Raises:
            EngineError: the model at one of them is not the bundle's; nothing is watched then.
        """
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is not None:
                return
            with ThreadPoolExecutor(min(len(self._watched), _MOST_AT_ONCE), "probe") as pool:
                list(pool.map(self._look_at, self._watched))
            for watched in self._watched:
                if watched.endpoint.mismatch is not None:
                    raise watched.endpoint.mismatch
            thread = threading.Thread(target=self._run, name="watch-remote", daemon=True)
            thread.start()
            self._thread = thread

    def close(self) -> None:
        """Ends the thread: at once, or when the probe under way is over."""
        self._stop.set()
        with self._starting:
            if self._thread is not None:
                self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period * (0.75 + self._chance() / 2)):
            for watched in self._watched:
                if not self._stop.is_set() and watched.is_due():
                    try:
                        self._look_at(watched)
                    except Exception:  # a defect must not end the watch over the others
                        _log.exception("%s could not be probed", watched.endpoint.url)

    def _look_at(self, watched: "_Watched") -> None:
        endpoint, began = watched.endpoint, time.monotonic()
        try:
            if not endpoint.connection.is_ready(self._plan.connect):
                raise CallError(Failure.NOT_READY, f"model {self._plan.model} is not ready there")
            speaker = watched.speaker or self._describe(endpoint)
        except EngineError as mismatch:
            watched.strikes = 0
            endpoint.set_out(str(mismatch).replace("\n ", ";"), mismatch)
        except CallError as error:
            if watched.strike(error, began):
                watched.speaker = None
                endpoint.set_out(error.said)
        else:
            reborn = watched.speaker is None
            watched.speaker, watched.strikes = speaker, 0
            endpoint.set_ready(speaker, reborn=reborn)

    def _describe(self, endpoint: Endpoint) -> Connection:
        """The connection, in the bundle's terms. Raises EngineError where the model is not the bundle's."""
        remote = endpoint.connection.describe(self._plan.connect)
        if remote is None:
            return endpoint.connection
        names = agree(endpoint.url, remote, self._artifact, split=self._plan.split)
        return endpoint.connection if names.are_ours else Interpreter(endpoint.connection, names)


class _Watched:
    """What the watcher remembers of an endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.speaker: Connection | None = None
        """In the bundle's terms, since it was found to agree; None after it has been away."""
        self.strikes = 0
        self._rounds = 0

    def is_due(self) -> bool:
        """Whether it is to be probed this round."""
        self._rounds += 1
        calm = self.endpoint.healthy or self.endpoint.mismatch is not None
        if calm and not self.strikes and self._rounds < _CALM:
            return False
        self._rounds = 0
        return True

    def strike(self, error: CallError, began: float) -> bool:
        """Whether a probe's failure takes the endpoint out: not the first one of an endpoint that is well and did not
        say so itself, and none while calls are answered. A busy endpoint is slow to answer probes."""
        if self.endpoint.answered_at >= began:
            self.strikes = 0
            return False
        self.strikes += 1
        doubtful = self.speaker is not None and self.endpoint.healthy and error.kind is not Failure.NOT_READY
        return not doubtful or self.strikes >= _STRIKES
