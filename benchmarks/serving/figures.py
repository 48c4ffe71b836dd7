"""Medians over rounds, tables, and what is kept of a run."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure over the rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.low)} to {number(self.high)})"


def over(values: Sequence[float]) -> Figure:
    """The median of the rounds, and the least and the greatest."""
    return Figure(statistics.median(values), min(values), max(values))


def number(value: float) -> str:
    """Three digits or so."""
    return f"{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a title; `data` holds the same as numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    data: list[dict[str, Any]] = field(default_factory=list)

    def add(self, cells: Sequence[object], **data: object) -> None:
        """A row, and what it says in numbers; figures may stand in both."""
        self.rows.append(tuple(map(str, cells)))
        self.data.append({name: asdict(v) if isinstance(v, Figure) else v for name, v in data.items()})

    def markdown(self) -> str:
        """As documentation has it."""
        lines = [" | ".join(row) for row in (self.columns, ("---",) * len(self.columns), *self.rows)]
        return "\n".join([f"### {self.title}", "", *(f"| {line} |" for line in lines)])


def save(path: Path, machine: dict[str, Any], tables: Sequence[Table]) -> None:
    """Writes what is known so far."""
    content = {"machine": machine, "tables": [{"title": table.title, "rows": table.data} for table in tables]}
    path.write_text(json.dumps(content, indent=1))
