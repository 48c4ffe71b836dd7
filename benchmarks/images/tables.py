"""What was measured, as tables."""

from collections.abc import Mapping, Sequence

from benchmarks.images.budgets import Budget
from benchmarks.images.containers import Start
from benchmarks.images.layers import KINDS, Layer
from benchmarks.serving.figures import Table, over

_MB = 1e6


def above_base(layers: Sequence[Layer]) -> float:
    """Megabytes of what is not the base image's."""
    return sum(layer.size for layer in layers if layer.kind != "base") / _MB


def sizes(images: Mapping[str, Sequence[Layer]], budgets: Mapping[str, Budget]) -> Table:
    """A row for each image."""
    columns = ("image", "above base", "budget", *KINDS, "base", "compressed, above base", "compressed, all of it")
    table = Table("Size of the images, MB of 10^6 bytes", columns)
    for target, layers in images.items():
        kinds = {kind: sum(layer.size for layer in layers if layer.kind == kind) / _MB for kind in (*KINDS, "base")}
        ours = sum(layer.compressed for layer in layers if layer.kind != "base") / _MB
        whole = sum(layer.compressed for layer in layers) / _MB
        limit = budgets.get(target, Budget()).above_base_mb
        figures = (*kinds.values(), ours, whole)
        table.add((target, f"{above_base(layers):.1f}", _limit(limit), *(f"{figure:.1f}" for figure in figures)))
    return table


def starts(
    images: Mapping[str, Sequence[Start]], floors: Mapping[str, Sequence[float]], budgets: Mapping[str, Budget]
) -> Table:
    """A row for each image, with medians and the least and the greatest."""
    columns = (
        "image",
        "a container alone, ms",
        "start to ready, ms",
        "start to first prediction, ms",
        "budget, ms",
        "the process to first prediction, ms",
        "warm prediction, ms",
        "resident, MB",
    )
    table = Table("Start and answers: median (least to greatest)", columns)
    for target, measured in images.items():
        seconds = budgets.get(target, Budget()).first_prediction_s
        table.add(
            (
                target,
                over(floors[target]),
                over([start.ready for start in measured]),
                over([start.first for start in measured]),
                _limit(None if seconds is None else seconds * 1e3),
                over([start.inside for start in measured]),
                over([start.warm for start in measured]),
                over([start.resident / _MB for start in measured]),
            )
        )
    return table


def _limit(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
