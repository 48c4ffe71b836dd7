"""From the model that was given to those that go into the bundle."""

from collections.abc import Callable, Sequence
from pathlib import Path

from inference_core.bundle import Manifest
from inference_core.bundle.tuning import Goal, Machine, Tuning
from inference_core.cpu import available_cpus, cpu_name, instruction_sets
from inference_core.engines import EngineOptions
from inference_core.errors import PackError
from inference_core.packing.choice import Choice, Variant, variants
from inference_core.packing.conversion import Converter
from inference_core.packing.graph import ModelGraph
from inference_core.packing.pictures import find_pictures, generated_pictures, spread, write_tensors
from inference_core.packing.tuning.accuracy import Dataset, read_dataset
from inference_core.packing.tuning.batches import note_batches
from inference_core.packing.tuning.comparison import Comparison
from inference_core.packing.tuning.tune import Attempt, keep, measure

_TENSORS = 100
"""Most pictures whose outputs are compared value by value, and that int8 is calibrated with. The metric takes all."""


def make_variants(
    source: ModelGraph,
    draft: Manifest,
    choice: Choice,
    images: Sequence[Path],
    scratch: Path,
    progress: Callable[[str], None],
) -> tuple[list[ModelGraph], Tuning | None]:
    """The models for the bundle, the default first, and the table it was picked from, if it was to be tuned.

    Args:
        source: the model that was given.
        draft: a manifest of it.
        choice: what to make.
        images: pictures for the trial run, which are compared on as well.
        scratch: an empty folder.
        progress: called with the name of each stage as it begins.

    Raises:
        PackError: pictures or truth cannot be used; or, of what was asked for, nothing fits or something does not.
    """
    dataset = read_dataset(choice.dataset, draft) if choice.dataset else None
    real = list(dataset.images) if dataset else find_pictures([*images, *([choice.images] if choice.images else [])])
    calibrated = bool(real or choice.calibration)
    wanted = variants(source, choice, calibrated=calibrated)
    if choice.goal is None and wanted == [(source.engine, source.precision)]:
        return [source], None
    progress("comparing")
    pictures = real or generated_pictures(scratch)
    sample = spread(pictures, _TENSORS)
    tensors = write_tensors(sample, draft, scratch / "tensors")
    calibration = tensors if real else []
    if choice.calibration:
        chosen = spread(find_pictures([choice.calibration]), _TENSORS)
        calibration = write_tensors(chosen, draft, scratch / "calibration")
    comparison = Comparison(
        source,
        draft,
        pictures,
        dict(zip(tensors, sample, strict=True)),
        scratch,
        dataset=dataset,
        max_drop=choice.max_drop,
    )
    converter = Converter(source, scratch, tensors, calibration)
    if choice.goal is None:
        return [_checked(comparison, converter, variant, progress) for variant in wanted], None
    attempts = measure(comparison, converter, wanted, choice.goal, choice.budget_mb, progress)
    graphs = keep(attempts, choice.goal, choice.keep)
    note_batches(comparison, attempts, available_cpus(), progress)
    return graphs, _tuning(choice.goal, choice, attempts, comparison, _name(dataset, real))


def _checked(
    comparison: Comparison, converter: Converter, variant: Variant, progress: Callable[[str], None]
) -> ModelGraph:
    """The variant, which has to be as good as its source, having been asked for by name."""
    progress(f"making {variant}")
    graph = converter.make(variant)
    with comparison.open(graph, EngineOptions(threads=available_cpus())) as process:
        fault = comparison.judge(graph, process).fault
    if fault:
        raise PackError(
            f"{variant} answers otherwise than the model it was made of",
            got=fault,
            expected="the same answers" if variant.precision == "fp32" else "a drop within --max-drop",
            remedy="leave that engine or precision out, allow a larger --max-drop, or calibrate with other pictures",
        )
    return graph


def _name(dataset: Dataset | None, real: Sequence[Path]) -> str:
    """What the pictures are called."""
    if dataset:
        return dataset.name
    return real[0].resolve().parent.name if real else "generated"


def _tuning(goal: Goal, choice: Choice, attempts: Sequence[Attempt], comparison: Comparison, dataset: str) -> Tuning:
    return Tuning(
        goal=goal,
        metric=comparison.metric,
        source_score=comparison.source_score,
        dataset=dataset,
        images=comparison.images,
        max_drop=choice.max_drop,
        budget_mb=choice.budget_mb,
        machine=Machine(
            cpu=cpu_name(), cpus=available_cpus(), instruction_sets=choice.instruction_sets or instruction_sets()
        ),
        rows=tuple(attempt.row() for attempt in attempts),
    )
