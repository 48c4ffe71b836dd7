"""Several targets under the same load, in turns, so that what changes on the machine meanwhile meets them all."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from inference_core.bench.load.report import Report
from inference_core.bench.load.target import Target

T = TypeVar("T", bound=Target)


@asynccontextmanager
async def opened(target: T) -> AsyncIterator[T]:
    """The target, open for as long as the block lasts."""
    await target.open()
    try:
        yield target
    finally:
        await target.close()


async def compare(
    targets: Mapping[str, Target], run: Callable[[Target, int], Awaitable[Report]], rounds: int = 1
) -> dict[str, list[Report]]:
    """Each target's reports, one a round.

    Every second round goes through the targets backwards, so that a drift favours none.

    Args:
        targets: by name; opened and closed here.
        run: (target, number of the round) -> report.
        rounds: at least 1.
    """
    reports: dict[str, list[Report]] = {name: [] for name in targets}
    async with AsyncExitStack() as stack:
        for target in targets.values():
            await stack.enter_async_context(opened(target))
        for number in range(rounds):
            order = list(targets) if number % 2 == 0 else list(targets)[::-1]
            for name in order:
                reports[name].append(await run(targets[name], number))
    return reports
