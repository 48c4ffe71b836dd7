"""Vocabulary of the tuning table: what each way to run the model gave on the machine it was packed on, and the pick."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inference_core.bundle.schema import Identifier, Record

Precision = Literal["fp32", "bf16", "fp16", "int8"]
Goal = Literal["latency", "throughput"]
Outcome = Literal["picked", "kept", "fits", "inexact", "too_large", "failed"]

_Amount = Annotated[float, Field(ge=0)]
_Count = Annotated[int, Field(ge=1, le=2**31)]


class Machine(Record):
    """Where the table was measured."""

    cpu: str
    """Its model name."""
    cpus: _Count
    """That the process might keep busy: the quota."""
    instruction_sets: tuple[str, ...] = ()
    """Those of the kernel's flags that decide which code engines run."""


class Row(Record):
    """One way to run the model. What was not reached, since the way failed before, is absent."""

    engine: Identifier
    precision: Precision
    threads: _Count
    """Intra-op threads of one inference."""
    instances: _Count
    """Inferences that run at once."""
    spin: bool = False
    """Whether idle threads spun, which is quicker where the model has the CPUs to itself."""
    outcome: Outcome
    reason: str | None = None
    """Why it was not taken."""
    max_absolute: _Amount | None = None
    """Largest difference of an output value from the source model's."""
    max_relative: _Amount | None = None
    """The same, divided by the largest magnitude of that output."""
    score: float | None = None
    """The metric."""
    p50_ms: _Amount | None = None
    """Of one inference, as p90 and p99, with `instances` of them running at once."""
    p90_ms: _Amount | None = None
    p99_ms: _Amount | None = None
    images_per_second: _Amount | None = None
    load_ms: _Amount | None = None
    """From the file to the first answer, warm-up included, the engine's package imported before."""
    rss_mb: _Amount | None = None
    """Peak resident memory of the process, 10^6 bytes."""
    bytes: Annotated[int, Field(ge=0)] | None = None
    """Of the artifact's files."""
    batch: Annotated[int, Field(ge=2, le=2**31)] | None = None
    """Images of one inference that gave most images a second, where that was clearly more than one by one."""
    batch_images_per_second: _Amount | None = None
    """What they gave, on all CPUs."""
    batch_reason: str | None = None
    """Why images are not batched, though the artifact would take several."""

    @model_validator(mode="after")
    def _check_batch(self) -> Self:
        if (self.batch is None) != (self.batch_images_per_second is None):
            raise ValueError("batch and batch_images_per_second belong together")
        return self

    @property
    def batch_size(self) -> int:
        """Images of one inference that serve many callers best."""
        return self.batch or 1


class Tuning(Record):
    """How the bundle's artifacts were chosen."""

    goal: Goal
    metric: str
    """Such as `AP@.5`, or agreement with the source model where no truth was given."""
    source_score: float
    """The metric of the source model."""
    dataset: str
    images: _Count
    max_drop: _Amount
    """How far below the source model's the metric may lie."""
    budget_mb: _Amount | None = None
    machine: Machine
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_pick(self) -> Self:
        if sum(row.outcome == "picked" for row in self.rows) != 1:
            raise ValueError("exactly one row has to be the picked one")
        return self

    @property
    def pick(self) -> Row:
        """The row of the bundle's default artifact."""
        return next(row for row in self.rows if row.outcome == "picked")

    def row(self, engine: str, precision: str) -> Row | None:
        """The row of what was picked or kept for `engine` in `precision`."""
        taken = (row for row in self.rows if row.outcome in ("picked", "kept"))
        return next((row for row in taken if (row.engine, row.precision) == (engine, precision)), None)
