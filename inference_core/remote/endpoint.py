"""One endpoint of the remote service: where it is, how it does, and who is asking it now."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from inference_core.errors import EngineError
from inference_core.observer import Observer
from inference_core.remote.breaker import Breaker
from inference_core.remote.connection import CallError, Connection, Failure

_log = logging.getLogger("satchel")

T = TypeVar("T")


class Endpoint:
    """What balancer and watcher know of an endpoint. Threads may share it.

    Args:
        url: names it to people.
        connection: asks it; closed with the endpoint.
        model: the bundle's name.
        observer: is told of every call, and of how it does.
        secrets: that no sentence may hold, even if the endpoint says them.
        breaker: keeps calls away while it fails.
    """

    def __init__(
        self,
        url: str,
        connection: Connection,
        *,
        model: str,
        observer: Observer,
        secrets: Sequence[str] = (),
        breaker: Breaker | None = None,
    ) -> None:
        self.url = url
        self.connection = connection
        """As it is."""
        self.speaker = connection
        """As calls have it: with the bundle's names of the tensors."""
        self.breaker = breaker or Breaker()
        self.outstanding = 0
        self.answered_at = 0.0
        """`time.monotonic()` of the last answer."""
        self.mismatch: EngineError | None = None
        """In which way its model is not the bundle's."""
        self._trouble: str | None = None
        self._last_failure = ""
        self._model, self._observer, self._secrets = model, observer, secrets
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether the watcher found nothing against it."""
        return self._trouble is None

    @property
    def usable(self) -> bool:
        """Whether it may be asked now."""
        return self.ready and self.breaker.admits

    @property
    def healthy(self) -> bool:
        """Whether it may be asked, and not for trial only."""
        return self.ready and self.breaker.is_closed

    def why_out(self) -> str:
        """Why it is not healthy, after its URL."""
        if self._trouble is not None:
            return f"{self.url}: {self._trouble}"
        if pause := self.breaker.pause:
            return f"{self.url}: {self._last_failure}, left alone for {pause:.1f} s more"
        return f"{self.url}: {self._last_failure}, being tried again"

    def set_ready(self, speaker: Connection, *, reborn: bool) -> None:
        """It can be asked, through `speaker`.

        Args:
            speaker: its connection, with the bundle's names.
            reborn: whether it had been away.
        """
        if not self.ready:
            _log.info("%s can be asked for %s", self.url, self._model)
        self.speaker, self.mismatch, self._trouble = speaker, None, None
        self.breaker.heal(reborn=reborn)
        self.tell()

    def set_out(self, trouble: str, mismatch: EngineError | None = None) -> None:
        """It cannot be asked until `set_ready`.

        Args:
            trouble: why.
            mismatch: where its model is another one.
        """
        trouble = self.discreet(trouble)
        if trouble != self._trouble:
            _log.warning("%s cannot be asked for %s: %s", self.url, self._model, trouble)
        self._trouble, self.mismatch = trouble, mismatch
        self.tell()

    def enter(self) -> int | None:
        """The turn of a call, for `ask`; None where it may not be asked."""
        turn = self.breaker.enter()
        if turn is not None:
            with self._lock:
                self.outstanding += 1
            self.tell()
        return turn

    def ask(self, turn: int, function: Callable[[Connection, float], T], timeout: float, *, fair: bool) -> T:
        """What `function` gets from the connection, in the turn that `enter` gave.

        Args:
            turn: given back here.
            function: makes the call.
            timeout: seconds, for `function`.
            fair: whether taking longer speaks against the endpoint.

        Raises:
            CallError: there is no answer.
        """
        began = time.monotonic()
        outcome = None
        try:
            answer = function(self.speaker, timeout)
            self.breaker.succeed(turn)
            self.answered_at = time.monotonic()
            outcome = "ok"
            return answer
        except CallError as error:
            outcome = error.kind.value
            error.said = self.discreet(error.said)
            error.args = (error.said,)
            self._note(turn, error, fair)
            raise
        finally:
            self.breaker.withdraw(turn)  # of a defect, which says nothing of the endpoint
            with self._lock:
                self.outstanding -= 1
            if outcome is not None:
                self._observer.called(self._model, self.url, outcome, time.monotonic() - began)
            self.tell()

    def discreet(self, text: str) -> str:
        """`text` without secrets: some endpoints repeat what they refuse."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def tell(self) -> None:
        """Tells the observer how it does."""
        self._observer.endpoint(self._model, self.url, usable=self.usable, outstanding=self.outstanding)

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    def _note(self, turn: int, error: CallError, fair: bool) -> None:
        self._last_failure = error.said
        if not fair and error.kind in (Failure.TIMEOUT, Failure.UNREACHABLE):
            return  # a connection, too, may not have been made in time
        if not error.kind.is_sick:
            self.breaker.succeed(turn)
            self.answered_at = time.monotonic()
        elif self.breaker.fail(turn, error.kind):
            _log.warning("%s is left alone for %.1f s by %s: %s", self.url, self.breaker.pause, self._model, error.said)
