"""The tables with what has to be said about them, and whether something is past its budget."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.images import budgets, tables
from benchmarks.images.containers import FLAGS, Start
from benchmarks.images.layers import Layer

_LEGEND = f"""\
Size is what `docker history` counts; compressed is by gzip -6, as a registry keeps layers. `other` is the init and,
on the Functions base, folders. `naive` is Python with torch, Pillow and NumPy from pip: no server, no model.

Every start is a `docker run` with `{" ".join(FLAGS)}`,
polled every 5 ms. The images take turns, and the first start of each does not count, so files come from the page cache.
A container alone: until `python3` of the same image has printed a line. The process: counted from when the engine
starts it. A warm prediction: the median of 30 after the first, one at a time. Resident: all processes of the container
after these, by `ps`. `thin` asks an image with a model beside it, which was started before and is not counted."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures by target."""

    sizes: dict[str, list[Layer]] = field(default_factory=dict)
    starts: dict[str, list[Start]] = field(default_factory=dict)
    floors: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of a container alone."""
    gaps: list[str] = field(default_factory=list)
    """What was not measured and why."""


@dataclass(frozen=True, slots=True)
class Report:
    """Markdown, and whether something is past a budget that counts."""

    text: str
    over: bool


def compose(
    title: str, measured: Measured, allowed: Mapping[str, budgets.Budget], enforce_start: bool, rounds: int
) -> Report:
    """Puts it together.

    Args:
        title: where it was measured.
        measured: all figures.
        allowed: budgets by target.
        enforce_start: whether time counts, too.
        rounds: starts of each image.
    """
    large = budgets.size_overruns(allowed, {name: tables.above_base(each) for name, each in measured.sizes.items()})
    slow = budgets.start_overruns(allowed, {name: _median_s(each) for name, each in measured.starts.items()})
    parts = [f"{title}; starts of each image: {rounds}", tables.sizes(measured.sizes, allowed).markdown()]
    if measured.starts:
        parts.append(tables.starts(measured.starts, measured.floors, allowed).markdown())
    parts.append(_LEGEND)
    parts.append("\n".join(_notes(large, slow, enforce_start, measured.gaps)))
    return Report("\n\n".join(parts) + "\n", bool(large or (slow and enforce_start)))


def _notes(large: Sequence[str], slow: Sequence[str], enforce_start: bool, gaps: Sequence[str]) -> list[str]:
    unless = "" if enforce_start else ". This does not fail: machines differ"
    lines = [*large, *(f"{line}{unless}" for line in slow)]
    over = [f"- Past its budget: {line}." for line in lines] or ["- Nothing is past its budget."]
    return over + [f"- Not measured: {gap}." for gap in gaps]


def _median_s(starts: Sequence[Start]) -> float:
    return statistics.median(start.first for start in starts) / 1e3
