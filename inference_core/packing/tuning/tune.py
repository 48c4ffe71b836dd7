"""Measuring every way to run a model, and picking the best that is right and small enough."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from inference_core.bundle.tuning import Goal, Outcome, Row
from inference_core.cpu import available_cpus
from inference_core.engines import EngineOptions
from inference_core.errors import PackError, SatchelError
from inference_core.packing.apart import Apart
from inference_core.packing.artifact import size_of
from inference_core.packing.choice import Variant
from inference_core.packing.conversion import Converter
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tuning.candidate import summary
from inference_core.packing.tuning.comparison import Comparison

_SCREENING_SECONDS = 1.0
_ROUNDS = 7
_ROUND_SECONDS = 0.5
_FINALISTS = 4
_PRICE_OF_SPINNING = 1.03
_NEAR = 1.25
"""Who is no more than this much worse than the best of the screening takes part in the rounds."""

_SHARED = ("bytes", "score", "max_absolute", "max_relative")
"""What does not depend on the layout."""


@dataclass(slots=True)
class Attempt:
    """One way to run the model, and what came of it so far."""

    variant: Variant
    options: EngineOptions
    graph: ModelGraph | None = None
    outcome: Outcome = "fits"
    reason: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    def row(self) -> Row:
        """As it stands in the tuning table."""
        return Row(
            engine=self.variant.engine,
            precision=self.variant.precision,
            threads=self.options.threads,
            instances=self.options.instances,
            spin=self.options.spin,
            outcome=self.outcome,
            reason=self.reason,
            **self.figures,
        )

    def drop(self, outcome: Outcome, reason: str) -> None:
        """Takes it out of the running."""
        self.outcome, self.reason = outcome, reason

    def fail(self, error: SatchelError) -> None:
        """The same for what cannot be made or run."""
        self.drop("failed", f"{error.message}: {error.got}" if error.got else error.message)


def layouts(goal: Goal, cpus: int, *, spinning: bool) -> list[EngineOptions]:
    """How the CPUs may be shared out, by halves: fewer threads for one inference, or more inferences at once.

    Args:
        goal: what for.
        cpus: how many there are.
        spinning: whether to try idle threads that spin as well, for one inference on several threads.
    """
    threads = [cpus >> shift for shift in range(cpus.bit_length())]
    if goal == "latency":
        spins = [False, True] if spinning else [False]
        return [EngineOptions(threads=count, spin=spin) for count in threads for spin in spins if count > 1 or not spin]
    return [EngineOptions(threads=count, instances=cpus // count) for count in threads]


def measure(
    comparison: Comparison,
    converter: Converter,
    wanted: Sequence[Variant],
    goal: Goal,
    budget_mb: float | None,
    progress: Callable[[str], None],
) -> list[Attempt]:
    """Makes, compares and times every variant in every layout; the best one is marked as picked.

    A variant that cannot be made, or whose process ends, is a row that says so, and the others go on. The best of a
    first look are then timed in turns, so that what else the machine does meets all alike.

    Raises:
        PackError: none fits.
    """
    attempts: list[Attempt] = []
    for variant in wanted:
        progress(f"trying {variant}")
        attempts += _try(comparison, converter, variant, goal, budget_mb)
    fitting = [attempt for attempt in attempts if attempt.outcome == "fits"]
    if not fitting:
        raise _nothing_fits(attempts)
    progress("timing the best in turns")
    left = _time_in_turns(comparison, _finalists(fitting, goal))
    _best(left, goal).outcome = "picked"
    return attempts


def keep(attempts: Sequence[Attempt], goal: Goal, names: Sequence[str]) -> list[ModelGraph]:
    """The models that go into the bundle: the pick, then the best of each engine, or engine:precision, to be kept.

    Raises:
        PackError: nothing that fits is there to be kept.
    """
    kept = [attempt for attempt in attempts if attempt.outcome == "picked"]
    for name in names:
        able = [
            a
            for a in attempts
            if name in (a.variant.engine, str(a.variant)) and a.outcome in ("fits", "picked", "kept")
        ]
        if not able:
            raise PackError(
                f"there is no {name} to keep",
                got="; ".join(f"{a.variant}: {a.reason or a.outcome}" for a in attempts),
                remedy="take it out of --keep, or allow what it lacks",
            )
        best = _best(able, goal)
        if best.variant not in [attempt.variant for attempt in kept]:
            best.outcome = "kept"
            kept.append(best)
    return [attempt.graph for attempt in kept if attempt.graph is not None]


def _try(
    comparison: Comparison, converter: Converter, variant: Variant, goal: Goal, budget_mb: float | None
) -> list[Attempt]:
    """One attempt for each layout; one only, where the variant is no good."""
    spinning = variant.engine == "onnxruntime"  # the others decide for themselves
    attempts = [Attempt(variant, options) for options in layouts(goal, available_cpus(), spinning=spinning)]
    first = attempts[0]
    try:
        graph = converter.make(variant)
    except SatchelError as error:
        first.fail(error)
        return [first]
    first.figures["bytes"] = size_of(graph)
    if budget_mb is not None and first.figures["bytes"] > budget_mb * 1e6:
        first.drop("too_large", f"more than {budget_mb:g} MB")
        return [first]
    for attempt in attempts:
        attempt.graph = graph
        try:
            _look(comparison, graph, attempt, first)
        except SatchelError as error:
            attempt.fail(error)
        if first.outcome != "fits":
            return [first]
    return attempts


def _look(comparison: Comparison, graph: ModelGraph, attempt: Attempt, first: Attempt) -> None:
    """Times, and in the first layout compares: after that, since the pictures would count as the model's memory."""
    with comparison.open(graph, attempt.options) as process:
        attempt.figures["load_ms"] = process.call("facts")["load_ms"]
        attempt.figures |= _timed([process.call("time", seconds=_SCREENING_SECONDS)])
        attempt.figures["rss_mb"] = round(process.call("memory"), 1)
        if attempt is not first:
            attempt.figures |= {name: first.figures[name] for name in _SHARED if name in first.figures}
            return
        verdict = comparison.judge(graph, process)
        attempt.figures |= verdict.figures
        if verdict.fault:
            attempt.drop("inexact", verdict.fault)


def _time_in_turns(comparison: Comparison, finalists: Sequence[Attempt]) -> list[Attempt]:
    """Times again, all loaded at once, one after the other in several rounds. Answers those that came through.

    Raises:
        PackError: none did.
    """
    with ExitStack() as stack:
        runners: list[tuple[Attempt, Apart, list[dict[str, Any]]]] = []
        for attempt in finalists:
            assert attempt.graph is not None  # noqa: S101  # what fits has been made
            try:
                process = stack.enter_context(comparison.open(attempt.graph, attempt.options))
            except SatchelError as error:
                attempt.fail(error)
            else:
                runners.append((attempt, process, []))
        for _ in range(_ROUNDS):
            for attempt, process, rounds in runners:
                if attempt.outcome == "fits":
                    _run_round(attempt, process, rounds)
    left = [(attempt, rounds) for attempt, _, rounds in runners if attempt.outcome == "fits"]
    if not left:
        raise _nothing_fits(finalists)
    for attempt, rounds in left:
        attempt.figures |= _timed(rounds)
    return [attempt for attempt, _ in left]


def _run_round(attempt: Attempt, process: Apart, rounds: list[dict[str, Any]]) -> None:
    try:
        rounds.append(process.call("time", seconds=_ROUND_SECONDS))
    except SatchelError as error:
        attempt.fail(error)


def _nothing_fits(attempts: Sequence[Attempt]) -> PackError:
    return PackError(
        "no variant can be taken",
        got="; ".join(f"{attempt.variant}: {attempt.reason}" for attempt in attempts),
        remedy="allow other engines or precisions, a larger --max-drop or --budget-mb",
    )


def _timed(rounds: Sequence[dict[str, Any]]) -> dict[str, float]:
    latencies = [latency for timed in rounds for latency in timed["latencies_ms"]]
    speeds = sorted(timed["images_per_second"] for timed in rounds)
    return {k: round(v, 3) for k, v in summary(latencies).items()} | {"images_per_second": speeds[len(speeds) // 2]}


def _finalists(fitting: Sequence[Attempt], goal: Goal) -> list[Attempt]:
    ranked = sorted(fitting, key=lambda attempt: _cost(attempt, goal))
    return [attempt for attempt in ranked if _cost(attempt, goal) <= _cost(ranked[0], goal) * _NEAR][:_FINALISTS]


def _best(attempts: Sequence[Attempt], goal: Goal) -> Attempt:
    return min(attempts, key=lambda attempt: _cost(attempt, goal))


def _cost(attempt: Attempt, goal: Goal) -> float:
    """Milliseconds of an image, the less the better. Spinning takes CPUs from others, and has to earn it."""
    cost = float(attempt.figures["p50_ms"] if goal == "latency" else 1e3 / attempt.figures["images_per_second"])
    return cost * _PRICE_OF_SPINNING if attempt.options.spin else cost
