"""What is to be made of a model: engines, precisions, and by what the best one is picked."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from inference_core.bundle.tuning import Goal, Precision
from inference_core.engines import engine_versions
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph

_UNASKED = ("fp32", "bf16", "int8")

_CONVERSIONS = {
    "onnxruntime": ("onnxruntime", "openvino"),
    "torchscript": ("torchscript", "onnxruntime", "openvino"),
    "tensorflow": ("tensorflow", "onnxruntime", "openvino"),
}
"""By the engine of the source: which engines it can be converted for, its own first."""

_RUNS: dict[str, tuple[Precision, ...]] = {
    "onnxruntime": ("fp32", "fp16", "int8"),
    "openvino": ("fp32", "bf16", "fp16", "int8"),
    "torchscript": ("fp32", "bf16"),
    "tensorflow": ("fp32",),
}


class Variant(NamedTuple):
    """A model for one engine in one precision."""

    engine: str
    precision: Precision

    def __str__(self) -> str:
        return f"{self.engine}:{self.precision}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for. Empty tuples leave a choice open."""

    engines: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    goal: Goal | None = None
    """Measure, and keep the best by this; None makes every variant asked for, and keeps it if it is right."""
    keep: tuple[str, ...] = ()
    """Engines, or `engine:precision`, whose best variant is kept beside the pick."""
    max_drop: float = 0.005
    """How far the metric may lie below the source model's, for it lies between 0 and 1."""
    budget_mb: float | None = None
    """Most that the files of the pick may take, 10^6 bytes."""
    images: Path | None = None
    """Directory of pictures to compare on."""
    dataset: Path | None = None
    """The same with truth, to compute the metric on."""
    calibration: Path | None = None
    """Directory of pictures that int8 is calibrated with; by default those of the comparison."""
    simplify: bool = False
    """Whether constants of an ONNX model are folded, and shapes inferred, before anything else."""
    instruction_sets: tuple[str, ...] = ()
    """What the bundle is noted to be tuned for; by default all that this CPU has."""


def variants(source: ModelGraph, choice: Choice, *, calibrated: bool) -> list[Variant]:
    """What to make of `source`, its own engine first.

    Args:
        source: the model that was given.
        choice: what was asked for.
        calibrated: whether there are real pictures, without which int8 is tried only when it is asked for.

    Raises:
        PackError: an engine or a precision asked for cannot be had from such a model.
    """
    possible = _possible(source)
    _check_goal(choice)
    _check("engine", choice.engines, sorted({variant.engine for variant in possible}), source)
    _check("precision", choice.precisions, sorted({variant.precision for variant in possible}), source)
    if not (choice.engines or choice.precisions or choice.goal):
        return [Variant(source.engine, source.precision)]
    engines = choice.engines or _installed(possible)
    precisions = choice.precisions or _open_precisions(source, choice, calibrated)
    wanted = [variant for variant in possible if variant.engine in engines and variant.precision in precisions]
    if not wanted:
        raise PackError(
            "no engine that was asked for runs a precision that was asked for",
            got=f"{', '.join(engines)}; {', '.join(precisions)}",
            expected=f"some of {', '.join(map(str, possible))}",
            remedy="correct --engines or --precisions",
        )
    return wanted


def _check_goal(choice: Choice) -> None:
    given = {"--keep": choice.keep, "--budget-mb": choice.budget_mb, "--target-cpu": choice.instruction_sets}
    for option, value in given.items():
        if choice.goal is None and value not in (None, ()):
            raise PackError(
                f"{option} says how to pick, and nothing is to be picked",
                expected="--tune latency or --tune throughput",
                remedy=f"add it, or leave {option} out: what --engines and --precisions ask for is kept",
            )


def _open_precisions(source: ModelGraph, choice: Choice, calibrated: bool) -> tuple[str, ...]:
    if choice.goal is None or source.precision != "fp32":
        return (source.precision,)
    return tuple(name for name in _UNASKED if calibrated or name != "int8")


def _possible(source: ModelGraph) -> list[Variant]:
    """A model that has been reduced already stays what it is."""
    if source.precision != "fp32":
        return [Variant(source.engine, source.precision)]
    return [Variant(engine, precision) for engine in _CONVERSIONS[source.engine] for precision in _RUNS[engine]]


def _installed(possible: Iterable[Variant]) -> tuple[str, ...]:
    versions = engine_versions()
    return tuple({variant.engine: None for variant in possible if versions.get(variant.engine)})


def _check(kind: str, asked: Iterable[str], known: list[str], source: ModelGraph) -> None:
    for name in asked:
        if name not in known:
            raise PackError(
                f"{kind} {name} cannot be had from this model",
                got=f"a model for {source.engine} in {source.precision}",
                expected=f"some of {', '.join(known)}",
                remedy=f"correct --{kind}s"
                if kind == "precision"
                else "correct --engines, or pack the model it was made of",
            )
