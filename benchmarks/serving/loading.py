"""Bursts of load, each over connections of its own and after a few requests that do not count."""

from inference_core.bench.load import Report, Target, event_loop, opened, run_closed, run_open

_WARM_UP = 3


def ask_in_turn(target: Target, requests: int) -> Report:
    """One caller."""
    return _closed(target, 1, _WARM_UP, requests=requests)


def crowd(target: Target, callers: int, seconds: float) -> Report:
    """Many callers, each of whom waits for his answer."""
    return _closed(target, callers, callers, seconds=seconds)


def at_once(target: Target, requests: int) -> Report:
    """As many callers as requests."""
    return _closed(target, requests, 0, requests=requests)


def arriving(target: Target, rate: float, seconds: float) -> Report:
    """Requests at random times, `rate` a second on average."""

    async def run() -> Report:
        async with opened(target):
            return await run_open(target, rate, seconds, warm_up=_WARM_UP)

    with event_loop() as runner:
        return runner.run(run())


def _closed(
    target: Target, callers: int, warm_up: int, *, requests: int | None = None, seconds: float | None = None
) -> Report:
    async def run() -> Report:
        async with opened(target):
            return await run_closed(target, callers, requests=requests, seconds=seconds, warm_up=warm_up)

    with event_loop() as runner:
        return runner.run(run())
