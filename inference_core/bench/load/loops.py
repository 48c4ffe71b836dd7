"""The two ways to load a server: callers who wait for their answers, and arrivals that wait for nobody."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import count, takewhile

from inference_core.bench.load.arrivals import Arrivals, Poisson
from inference_core.bench.load.report import Report, Sample
from inference_core.bench.load.target import MalformedAnswerError, Target

TIMEOUT = 30.0
"""Seconds that a request has, unless told otherwise."""

INDEPENDENT = Poisson()
"""Arrivals, unless told otherwise."""

_CAUSES: dict[type[OSError], str] = {
    ConnectionRefusedError: "refused",
    ConnectionResetError: "reset",
    BrokenPipeError: "reset",
    MalformedAnswerError: "malformed",
}


async def run_closed(
    target: Target,
    concurrency: int,
    *,
    requests: int | None = None,
    seconds: float | None = None,
    warm_up: int = 0,
    timeout: float = TIMEOUT,
) -> Report:
    """`concurrency` callers, each of whom sends the next request when the last one is answered.

    What it measures is how much the server can do, and how long that takes; a server that stalls is asked less.

    Args:
        target: open.
        concurrency: at least 1.
        requests: how many in all; None for as many as the time allows.
        seconds: after which no more are sent; those under way are waited for.
        warm_up: requests, sent alike beforehand, that do not count.
        timeout: seconds that each request has.
    """
    await _call_in_turn(_Run(target, timeout), concurrency, iter(range(warm_up)))
    run = _Run(target, timeout)
    numbers: Iterator[int] = count() if requests is None else iter(range(requests))
    if seconds is not None:
        numbers = takewhile(lambda _: run.now() < seconds, numbers)
    await _call_in_turn(run, concurrency, numbers)
    return run.report()


async def run_open(
    target: Target,
    rate: float,
    seconds: float,
    arrivals: Arrivals = INDEPENDENT,
    *,
    outstanding: int | None = None,
    warm_up: int = 0,
    timeout: float = TIMEOUT,
) -> Report:
    """Requests at `rate` a second, whether or not earlier ones are answered.

    Latencies count from the moment at which a request should have left, and so does its timeout: a server that stalls
    is not spared the requests that came meanwhile.

    Args:
        target: open.
        rate: requests a second.
        seconds: how long they arrive; those under way are then waited for.
        arrivals: how they are spread.
        outstanding: how many may be under way at once, the others waiting their turn here; None for no limit.
        warm_up: requests, one after the other beforehand, that do not count.
        timeout: seconds that each request has.
    """
    await _call_in_turn(_Run(target, timeout), 1, iter(range(warm_up)))
    times = arrivals.times(rate, seconds)
    turn = nullcontext() if outstanding is None else asyncio.Semaphore(outstanding)
    run = _Run(target, timeout)
    async with asyncio.TaskGroup() as group:
        await _at(times, run.now, lambda index: group.create_task(run.call(index, times[index], turn)))
    return run.report()


class _Run:
    """Calls a target and notes what comes of it."""

    def __init__(self, target: Target, timeout: float) -> None:
        self._target, self._timeout = target, timeout
        self._samples: list[Sample] = []
        self._cpu = time.process_time()
        self._start = time.perf_counter()

    def now(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    async def call(self, index: int, intended: float, turn: AbstractAsyncContextManager[None] | None = None) -> None:
        """One request, as soon as it is its `turn`."""
        async with turn or nullcontext():
            sent = self.now()
            left = intended + self._timeout - sent
            if left <= 0:
                self._samples.append(Sample(index, intended, None, sent, "timeout", False, 0, "never sent"))
                return
            size, ok, error = 0, False, None
            try:
                async with asyncio.timeout(left):
                    reply = await self._target.call(index)
                outcome, ok, size, error = reply.name or str(reply.status), reply.ok, reply.bytes, reply.error
            except TimeoutError:
                outcome = "timeout"
            except OSError as cause:
                outcome, error = _CAUSES.get(type(cause), "no answer"), str(cause)
            self._samples.append(Sample(index, intended, sent, self.now(), outcome, ok, size, error))

    def report(self) -> Report:
        return Report(tuple(self._samples), self.now(), time.process_time() - self._cpu)


async def _call_in_turn(run: _Run, concurrency: int, numbers: Iterator[int]) -> None:
    """Works off the numbers, `concurrency` at a time."""

    async def caller() -> None:
        for index in numbers:
            await run.call(index, run.now())

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(caller())


async def _at(times: Sequence[float], now: Callable[[], float], begin: Callable[[int], object]) -> None:
    """Calls `begin` with the number of each time when it has come.

    A thread keeps the time: event loops wake up by the millisecond, which is much of the latency of a small model.
    """
    loop, stopped, done = asyncio.get_running_loop(), threading.Event(), asyncio.Event()

    def arrive(index: int) -> None:
        if not stopped.is_set():
            begin(index)

    def keep_time() -> None:
        for index, when in enumerate(times):
            if stopped.wait(max(0.0, when - now())):
                return
            loop.call_soon_threadsafe(arrive, index)
        loop.call_soon_threadsafe(done.set)

    thread = threading.Thread(target=keep_time, name="arrivals")
    thread.start()
    try:
        await done.wait()
    finally:
        stopped.set()
        thread.join()
