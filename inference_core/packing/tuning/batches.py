"""Whether several images in one inference give more of them a second than one by one: the server's default."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any

from inference_core.batching import largest_batch
from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import EngineOptions
from inference_core.errors import SatchelError
from inference_core.packing.apart import Apart
from inference_core.packing.tuning.comparison import Comparison
from inference_core.packing.tuning.tune import Attempt, layouts

_SIZES = (2, 4, 8, 16)
_GAIN = 1.1
_ROUNDS = 3
_ROUND_SECONDS = 0.2
_LONGEST_MS = 300.0
"""An inference on several images that would take longer is not tried: nobody would want to wait for it."""


def batch_sizes(spec: TensorSpec) -> tuple[int, ...]:
    """How many images one inference might be given, in rising order; none where its batch axis takes one only."""
    match spec.shape[0]:
        case int(size):
            sizes: Sequence[int] = [size]
        case BucketedAxis(sizes=buckets):
            sizes = sorted(buckets)
        case _:
            sizes = _SIZES
    return tuple(size for size in sizes if size > 1)


def choose_batch(speeds: Mapping[int, float]) -> tuple[int | None, str]:
    """The number of images of one inference that gives most, the smaller of equals, and why.

    Args:
        speeds: images a second by that number, of which 1 is one.

    Returns:
        None where no number gives at least a tenth more than 1.
    """
    best = max((size for size in sorted(speeds) if size > 1), key=lambda size: speeds[size], default=None)
    if best is None:
        return None, f"one inference on several would take longer than {_LONGEST_MS:g} ms"
    why = f"{best} at once give {speeds[best]:.1f} images/s, one by one {speeds[1]:.1f}"
    return (best if speeds[best] >= _GAIN * speeds[1] else None), why


def note_batches(
    comparison: Comparison, attempts: Sequence[Attempt], cpus: int, progress: Callable[[str], None]
) -> None:
    """Adds to the figures of what was picked and kept how many images one inference is best given, if more than one.

    Both are timed alike: on all CPUs, in the better of one wide inference and many narrow ones. Larger batches have to
    give a tenth more, and a picture's answers must not depend on those it is batched with. If not, the figures have
    the reason; where the artifact takes one image only, nothing.
    """
    for attempt in attempts:
        if attempt.outcome not in ("picked", "kept"):
            continue
        assert attempt.graph is not None  # noqa: S101  # what was picked or kept has been made
        spec = comparison.input(attempt.graph)
        if not batch_sizes(spec):
            continue
        progress(f"timing batches of {attempt.variant}")
        try:
            attempt.figures |= _measure(comparison, attempt, spec, cpus)
        except SatchelError as error:
            attempt.figures["batch_reason"] = f"{error.message}: {error.got}" if error.got else error.message


def wide_and_narrow(options: EngineOptions, cpus: int) -> list[EngineOptions]:
    """Layouts that keep all CPUs busy: all of them for one inference, one for each, and `options`, if it does."""
    wide, *rest = layouts("throughput", cpus, spinning=False)
    chosen = [wide, *rest[-1:]]
    own = EngineOptions(threads=options.threads, instances=options.instances)
    return chosen if own in chosen or own not in rest else [*chosen, own]


def _measure(comparison: Comparison, attempt: Attempt, spec: TensorSpec, cpus: int) -> dict[str, Any]:
    """The figures to add."""
    assert attempt.graph is not None  # noqa: S101  # see `note_batches`
    with ExitStack() as stack:
        opened = (comparison.open(attempt.graph, options) for options in wide_and_narrow(attempt.options, cpus))
        processes = [stack.enter_context(process) for process in opened]
        speeds = time_batches(processes, spec)
        batch, reason = choose_batch(speeds)
        if batch is None:
            return {"batch_reason": reason}
        fault = comparison.judge_batch(attempt.graph, processes[0], batch, attempt.figures.get("max_relative", 0.0))
    return {"batch_reason": fault} if fault else {"batch": batch, "batch_images_per_second": speeds[batch]}


def time_batches(processes: Sequence[Apart], spec: TensorSpec) -> dict[int, float]:
    """Images a second by the number of images of one inference, 1 being one: in the best of the layouts, medians.

    Args:
        processes: one for each layout; see `candidate.Candidate`.
        spec: the tensor of the images.

    Raises:
        SatchelError: the model does not run on so many.
    """
    rounds: dict[tuple[int, int], list[float]] = {}
    for _ in range(_ROUNDS):
        for place, process in enumerate(processes):
            alone = process.call("time", seconds=_ROUND_SECONDS, images=1)
            rounds.setdefault((1, place), []).append(alone["images_per_second"])
            for size in _affordable(spec, median(alone["latencies_ms"])):
                timed = process.call("time", seconds=_ROUND_SECONDS, images=size)
                rounds.setdefault((size, place), []).append(timed["images_per_second"])
    sizes = sorted({size for size, _ in rounds})
    return {size: max(median(speeds) for (other, _), speeds in rounds.items() if other == size) for size in sizes}


def _affordable(spec: TensorSpec, alone_ms: float) -> list[int]:
    """The sizes that do not take too long, judging by what an inference takes that one image has to itself."""
    rows = largest_batch(spec, 1)
    return [size for size in batch_sizes(spec) if size <= rows or alone_ms * size / rows <= _LONGEST_MS]
