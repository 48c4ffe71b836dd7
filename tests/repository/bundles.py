"""Bundles that change on disk, and repositories of them."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from inference_core.bundle import open_bundle
from inference_core.bundle.writer import atomically
from inference_core.repository import Repository
from inference_core.settings import Settings
from tests.models import pack_classifier
from tests.pictures import plain

RED = plain((255, 0, 0))


def pack_version(folder: Path, version: str, *, scale: float = 10.0) -> Path:
    """The tiny classifier in a version of its own, with logits `scale` times as large."""
    folder.mkdir(exist_ok=True)
    packed = pack_classifier(folder, scale=scale)
    rewrite(packed, version=version)
    return packed


def rewrite(bundle: Path, **changes: Any) -> None:
    """Writes the manifest again with some changes; the files stay."""
    with open_bundle(bundle) as opened:
        manifest = opened.manifest.model_copy(update=changes)
    (bundle / "bundle.json").write_text(manifest.to_json())


def put(bundle: Path, target: Path) -> Path:
    """Puts a copy of `bundle` at `target`, in the place of what is there, as packing does."""
    with atomically(target) as built:
        shutil.copytree(bundle, built)
    return target


def score(repository: Repository, name: str = "tiny_classifier", version: str | None = None) -> float:
    """Of the best class of a red picture."""

    async def ask() -> float:
        async with repository.lease(name, version) as model:
            return (await model.scheduler.predict(RED)).predictions[0].score

    return asyncio.run(ask())


def open_repository(models: Path, **settings: Any) -> Repository:
    return Repository.load(Settings(models=models, threads=1, **settings))


def states(repository: Repository) -> list[tuple[str, str, str]]:
    return [(entry.name, entry.version, entry.state) for entry in repository.entries()]


def becomes(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.01)
