"""What is known of one version of one model, loaded or not."""

import re
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from inference_core.bundle import Manifest
from inference_core.errors import SatchelError
from inference_core.observer import ModelState
from inference_core.repository.model import Model

Key = tuple[str, str]
"""Name and version."""


@dataclass(slots=True, eq=False)
class Entry:
    """One bundle of the repository. Only the repository changes it, under its lock."""

    path: Path
    manifest: Manifest
    stamp: tuple[int, ...]
    """Of the files that `manifest` was read from."""
    model: Model | None = None
    kept_out: bool = False
    """Unloaded on purpose: no request loads it again."""
    failure: SatchelError | None = None
    """Why it could not be loaded, or not loaded again; the last good model serves on, if there is one."""
    loading: "Future[Model] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The model's."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The model's."""
        return self.manifest.version

    @property
    def key(self) -> Key:
        """What tells it from other entries."""
        return self.name, self.version

    @property
    def state(self) -> ModelState:
        """Whether it can be used at once, and if not, why."""
        if self.model is not None:
            return "ready"
        if self.loading is not None:
            return "loading"
        return "unloaded" if self.failure is None else "failed"

    @property
    def reason(self) -> str | None:
        """What went wrong last, in words."""
        return None if self.failure is None else self.failure.message


def version_order(version: str) -> list[tuple[bool, int, str]]:
    """Sorts versions as people do: 2 before 10, 1.9 before 1.10."""
    parts = re.findall(r"\d+|\D+", version)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
