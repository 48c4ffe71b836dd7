"""Writing a bundle: whole or not at all, and the same bytes for the same input."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference_core.bundle.archive import SUFFIX, write_archive
from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import MANIFEST_NAME, Manifest
from inference_core.bundle.schema import parse_record
from inference_core.errors import BundleError


def write_bundle(facts: Mapping[str, Any], files: Mapping[str, Path], target: Path, *, force: bool = False) -> Manifest:
    """Writes a bundle directory, or one file when `target` ends in `.satchel`.

    It is built beside `target` and renamed into place, so that an interrupted run leaves nothing half-done.

    Args:
        facts: the manifest's keys but `files`, as plain JSON values.
        files: source file of each name in the bundle.
        target: where to write.
        force: whether an existing target is replaced.

    Raises:
        BundleError: `target` exists and `force` is false.
        ManifestError: the facts do not make a valid manifest.
    """
    if target.exists() and not force:
        raise BundleError(f"{target} exists", expected="a new path", remedy="choose another path, or add --force")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
        directory = Path(scratch) / "bundle"
        directory.mkdir()
        manifest = _fill(directory, facts, files)
        built = directory
        if target.suffix == SUFFIX:
            built = Path(scratch) / "archive"
            write_archive(directory, built)
        _replace(built, target)
    return manifest


def _fill(directory: Path, facts: Mapping[str, Any], files: Mapping[str, Path]) -> Manifest:
    records = {}
    for name, source in sorted(files.items()):
        copy = directory / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        records[name] = describe_file(copy).model_dump()
    manifest = manifest_from({**facts, "files": records})
    (directory / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def manifest_from(facts: Mapping[str, Any]) -> Manifest:
    """Builds a manifest from plain values through the same strict reading as a file."""
    import orjson

    return parse_record(Manifest, orjson.dumps(facts), where="the manifest to write")


def _replace(built: Path, target: Path) -> None:
    """Renames `built` to `target`; an old directory there is moved aside first, since rename cannot overwrite it."""
    if target.is_dir():
        old = built.with_name("old")
        target.rename(old)
        try:
            built.rename(target)
        except OSError:
            old.rename(target)
            raise
    else:
        built.rename(target)
