"""The event loop that load is sent from."""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec


def event_loop() -> asyncio.Runner:
    """A runner on uvloop, where that is installed: it leaves the server more of the CPU that both share."""
    return asyncio.Runner(loop_factory=_factory())


def event_loop_name() -> str:
    """Of the loop that `event_loop` gives, for reports."""
    return "asyncio" if _factory() is None else "uvloop"


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
