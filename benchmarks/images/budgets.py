"""What an image may weigh and take, as docker/budgets.toml has it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that one image may have; None for as much as it likes."""

    above_base_mb: float | None = None
    """Megabytes of 10^6 bytes above the base image."""
    first_prediction_s: float | None = None
    """Seconds from `docker run` to the first prediction."""


def read(path: Path) -> dict[str, Budget]:
    """Budgets by target."""
    return {target: Budget(**limits) for target, limits in tomllib.loads(path.read_text("utf-8")).items()}


def size_overruns(budgets: Mapping[str, Budget], megabytes: Mapping[str, float]) -> list[str]:
    """A line for each image that is too large."""
    return [
        f"{target} is {size:.1f} MB above its base image: {size - limit:.1f} MB past its budget of {limit:g} MB"
        for target, size in megabytes.items()
        if (limit := budgets.get(target, Budget()).above_base_mb) is not None and size > limit
    ]


def start_overruns(budgets: Mapping[str, Budget], seconds: Mapping[str, float]) -> list[str]:
    """A line for each image that is too slow to start."""
    return [
        f"{target} takes {taken:.2f} s to its first prediction: {taken - limit:.2f} s past its budget of {limit:g} s"
        for target, taken in seconds.items()
        if (limit := budgets.get(target, Budget()).first_prediction_s) is not None and taken > limit
    ]
