"""Writing a bundle: whole or not at all, and the same bytes for the same input."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference_core.bundle.archive import SUFFIX, write_archive
from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import MANIFEST_NAME, Manifest
from inference_core.bundle.schema import parse_record
from inference_core.errors import BundleError

_SHOWN = 50
"""Letters of a name in that of its scratch directory, which is not to be too long where the name is not."""
_UNREAD = {"sha256": "0" * 64, "bytes": 0}


def write_bundle(facts: Mapping[str, Any], files: Mapping[str, Path], target: Path, *, force: bool = False) -> Manifest:
    """Writes a bundle directory, or one file when `target` ends in `.satchel`.

    It is built beside `target` and renamed into place, so that an interrupted run leaves nothing half-done.

    Args:
        facts: the manifest's keys but `files`, as plain JSON values.
        files: source file of each name in the bundle.
        target: where to write.
        force: whether an existing target is replaced.

    Raises:
        BundleError: see `check_target`.
        ManifestError: the facts do not make a valid manifest.
    """
    check_target(target, force)
    with atomically(target) as built:
        directory = built.with_name("unpacked") if target.suffix == SUFFIX else built
        directory.mkdir()
        manifest = _fill(directory, facts, files)
        if directory is not built:
            write_archive(directory, built)
    return manifest


@contextmanager
def atomically(target: Path) -> Iterator[Path]:
    """Gives a path beside `target` to build at, and renames what is there into place unless an error came up."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name[:_SHOWN]}-", dir=target.parent) as scratch:
        built = Path(scratch) / "built"
        yield built
        _replace(built, target)


def check_target(target: Path, force: bool) -> None:
    """Raises BundleError when `target` exists, unless `force` is given and it is a bundle or empty; or when nothing can
    be written there."""
    if target.exists() and not force:
        raise BundleError(f"{target} exists", expected="a new path", remedy="choose another path, or add --force")
    other = any(target.iterdir()) if target.is_dir() else target.exists() and target.suffix != SUFFIX
    if other and not (target / MANIFEST_NAME).is_file():
        raise BundleError(
            f"{target} is a {'directory' if target.is_dir() else 'file'}, but no bundle",
            expected=f"a bundle, a {SUFFIX} file or an empty directory to replace",
            remedy="choose another path: --force does not remove other files",
        )
    _check_place(target)


def _check_place(target: Path) -> None:
    """Before the work is done, so that it is not done in vain."""
    place = next(parent for parent in target.absolute().parents if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        what = f"no right to write in {place}" if place.is_dir() else f"{place}, which is a file"
        raise BundleError(f"{target} cannot be written", got=what, remedy="choose another path")


def _fill(directory: Path, facts: Mapping[str, Any], files: Mapping[str, Path]) -> Manifest:
    # Facts and names are checked before anything is copied: a name such as ../x would leave the scratch directory.
    draft_manifest(facts, files)
    records = {}
    for name, source in sorted(files.items()):
        copy = directory / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        records[name] = describe_file(copy).model_dump()
    manifest = manifest_from({**facts, "files": records})
    (directory / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def draft_manifest(facts: Mapping[str, Any], names: Iterable[str]) -> Manifest:
    """The manifest of a bundle whose files have not been read: right but for their digests and sizes."""
    return manifest_from({**facts, "files": dict.fromkeys(names, _UNREAD)})


def manifest_from(facts: Mapping[str, Any]) -> Manifest:
    """Builds a manifest from plain values through the same strict reading as a file."""
    return parse_record(Manifest, json.dumps(facts), where="the manifest to write")


def _replace(built: Path, target: Path) -> None:
    """Renames `built` to `target`; what is there is moved aside first where rename cannot overwrite it."""
    if target.is_dir() or (target.exists() and built.is_dir()):
        old = built.with_name("old")
        try:
            target.rename(old)
            built.rename(target)
        except BaseException:
            if old.exists() and not target.exists():  # Ctrl-C may come at any point
                old.rename(target)
            raise
    else:
        built.rename(target)
