"""The tuning table for people: the same cells on the terminal and in Markdown."""

from collections.abc import Callable, Sequence

from inference_core.bundle.tuning import Row, Tuning

_COLUMNS: dict[str, Callable[[Row], str]] = {
    "engine": lambda row: f"{row.engine}:{row.precision}",
    "threads": lambda row: f"{row.threads} x {row.instances}{' spin' if row.spin else ''}",
    "outcome": lambda row: row.outcome,
    "metric": lambda row: _figure(row.score, 4),
    "error": lambda row: "" if row.max_relative is None else f"{row.max_relative:.1e}",
    "p50 ms": lambda row: _figure(row.p50_ms, 2),
    "p90 ms": lambda row: _figure(row.p90_ms, 2),
    "p99 ms": lambda row: _figure(row.p99_ms, 2),
    "images/s": lambda row: _figure(row.images_per_second, 1),
    "batch": lambda row: _figure(row.batch, 0),
    "batched/s": lambda row: _figure(row.batch_images_per_second, 1),
    "load ms": lambda row: _figure(row.load_ms, 0),
    "RSS MB": lambda row: _figure(row.rss_mb, 0),
    "MB": lambda row: _figure(None if row.bytes is None else row.bytes / 1e6, 2),
    "why not": lambda row: row.reason or "",
}

ALL = tuple(_COLUMNS)
BRIEF = ("engine", "threads", "outcome", "metric", "p50 ms", "images/s", "batch", "MB")
"""The columns that a narrow terminal has room for."""


def table(tuning: Tuning, columns: Sequence[str] = ALL) -> list[list[str]]:
    """A row of cells for each way that was tried; what was not reached is empty."""
    return [[_COLUMNS[name](row) for name in columns] for row in tuning.rows]


def headline(tuning: Tuning) -> str:
    """What was picked, from what, where, and whether images are batched: two sentences, or three."""
    row = tuning.pick
    machine = tuning.machine
    return (
        f"Picked {row.engine}:{row.precision} on {row.threads} x {row.instances} threads for {tuning.goal}: "
        f"{row.p50_ms:.2f} ms, {row.images_per_second:.1f} images/s, {tuning.metric} {row.score:.4f} (the source "
        f"model: {tuning.source_score:.4f}; at most {tuning.max_drop:g} less allowed). Measured on {tuning.images} "
        f"pictures ({tuning.dataset}), {machine.cpu}, {machine.cpus} CPUs.{_batching(row)}"
    )


def markdown(tuning: Tuning, name: str) -> str:
    """The table as a page."""
    lines = [f"# How {name} was tuned", "", headline(tuning), "", _line(ALL), _line(["---"] * len(ALL))]
    lines += [_line([cell.replace("|", "\\|") for cell in cells]) for cells in table(tuning)]
    unbatched = [row for row in tuning.rows if row.batch_reason and row.outcome == "kept"]
    lines += [f"\n{row.engine}:{row.precision} kept:{_batching(row)}" for row in unbatched]
    lines += ["", f"Instruction sets: {', '.join(tuning.machine.instruction_sets) or 'none noted'}."]
    return "\n".join([*lines, _LEGEND])


_LEGEND = """
`threads` is intra-op threads x inferences at once, `spin` that idle ones spin; `error` the largest difference of an
output value from the source model's, relative to the largest magnitude of that output; `load` runs from the file to the
first answer, warm-up included; `batch` are the images of one inference that gave most images a second on all CPUs,
`batched/s`, where that is a tenth more than one by one; `RSS` is the peak of the process; `MB` are the artifact's
files, 10^6 bytes. Latencies are of the model alone, without decoding and post-processing, which are the same for every
row.
"""


def _batching(row: Row) -> str:
    """A sentence, with a space before it; nothing where the artifact takes one image only."""
    if row.batch is not None:
        return f" In batches of {row.batch} it gives {row.batch_images_per_second:.1f} images/s."
    return f" Images are not batched: {row.batch_reason}." if row.batch_reason else ""


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
