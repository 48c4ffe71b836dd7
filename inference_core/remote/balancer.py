"""Which endpoint a call goes to, how long it may take there, and whether it is made again."""

import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from inference_core.errors import DeadlineError, SatchelError
from inference_core.remote.budget import RetryBudget
from inference_core.remote.connection import CallError, Connection, Failure
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.patience import Patience
from inference_core.remote.plan import Plan
from inference_core.remote.verdicts import none_usable, verdict

T = TypeVar("T")

_FIRST_BACKOFF = 0.05
_LONGEST_BACKOFF = 1.0
_LONGEST_WAIT = 2.0
"""Seconds that a call may sleep where Retry-After asks for it: it holds one of the threads that others wait for."""
_LEAST_TRY = 0.01
"""Seconds below which no try is begun."""


class Balancer:
    """Gives each call to the endpoint with the fewest under way. As many threads call as the plan's `concurrency` says.

    An endpoint on trial, after its breaker's pause, is asked where there is no other; the watcher tries it before.

    Args:
        plan: timeouts and retries.
        model: the bundle's name, for sentences.
        endpoints: all alike.
        clock: that of the deadlines.
        sleep: waits some seconds.
        chance: numbers from 0 to 1.
    """

    def __init__(
        self,
        plan: Plan,
        model: str,
        endpoints: Sequence[Endpoint],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.endpoints = tuple(endpoints)
        self._plan, self._model = plan, model
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._patience = Patience(plan.read)
        self._budget = RetryBudget()
        self._lock = threading.Lock()
        self._next = 0

    def check_ready(self) -> None:
        """Raises RemoteUnavailableError where no endpoint is known to be well."""
        if not any(endpoint.healthy for endpoint in self.endpoints):
            raise none_usable(self._model, self.endpoints)

    def call(self, function: Callable[[Connection, float], T], deadline: float | None) -> T:
        """What `function(connection, timeout)` returns for the first endpoint that answers.

        What failed in passing is tried again at once with another endpoint, or with the same one after a pause; what
        took too long, with another one only.

        Args:
            function: makes one call; raises CallError.
            deadline: value of `clock` after which nobody waits.

        Raises:
            DeadlineError: an endpoint did not answer in time.
            RemoteUnavailableError: none could be asked, or none could answer now.
            RemoteFailedError: one answered, but not with what it was asked for.
        """
        self._budget.earn()
        tried: list[Endpoint] = []
        failure: SatchelError | None = None
        while self._left(deadline) > 0 and (taken := self._take(tried)) is not None:
            endpoint, turn = taken
            tried.append(endpoint)
            others = len(tried) <= self._plan.retries and self._has_other(tried)
            timeout = self._patience.share(self._left(deadline), others=others)
            began = self._clock()
            try:
                answer = endpoint.ask(turn, function, timeout, fair=self._patience.is_fair(timeout))
            except CallError as error:
                failure = verdict(endpoint.url, error, timeout)
                wait = self._wait(error, tried, self._left(deadline))
                if wait is None:
                    raise failure from error
            else:
                self._patience.learn(self._clock() - began)
                return answer
            self._sleep(wait)
        raise failure or (_too_late() if self._left(deadline) <= 0 else none_usable(self._model, self.endpoints))

    def close(self) -> None:
        """Closes every endpoint's connection."""
        for endpoint in self.endpoints:
            endpoint.close()

    def _left(self, deadline: float | None) -> float:
        return math.inf if deadline is None else deadline - self._clock()

    def _take(self, tried: Sequence[Endpoint]) -> tuple[Endpoint, int] | None:
        """An endpoint, counted as asked, and the call's turn there: best one that was not tried yet."""
        with self._lock:
            start = self._next % len(self.endpoints)
            self._next += 1
            usable = [each for each in (*self.endpoints[start:], *self.endpoints[:start]) if each.usable]
            for endpoint in sorted(usable, key=lambda each: (each in tried, not each.healthy, each.outstanding)):
                turn = endpoint.enter()
                if turn is not None:
                    return endpoint, turn
        return None

    def _has_other(self, tried: Sequence[Endpoint]) -> bool:
        return any(endpoint.usable for endpoint in self.endpoints if endpoint not in tried)

    def _wait(self, error: CallError, tried: Sequence[Endpoint], left: float) -> float | None:
        """Seconds before the call is made again; None where it is not."""
        elsewhere = self._has_other(tried)
        passing = error.kind.is_passing or (error.kind is Failure.TIMEOUT and elsewhere)
        if not passing or len(tried) > self._plan.retries:
            return None
        wait = 0.0 if elsewhere else max(self._backoff(len(tried)), error.retry_after or 0.0)
        if wait > _LONGEST_WAIT or wait + _LEAST_TRY > left or not self._budget.spend():
            return None
        return wait

    def _backoff(self, tries: int) -> float:
        """Exponential, with "full jitter": Marc Brooker, Exponential Backoff and Jitter, AWS Architecture Blog 2015."""
        return self._chance() * min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (tries - 1))


def _too_late() -> DeadlineError:
    return DeadlineError(
        "the deadline passed before the remote service was asked",
        remedy="allow more time, or send fewer images at once",
    )
