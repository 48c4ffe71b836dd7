"""Where bundles are: one by itself, several in a directory, or versions of one model in a directory of their own."""

from pathlib import Path

from inference_core.bundle import MANIFEST_NAME
from inference_core.bundle.archive import SUFFIX
from inference_core.errors import BundleError


def find_bundles(path: Path) -> list[Path]:
    """`path` itself when it is a bundle, else the bundles directly below it, in the order of their names.

    A directory below `path` that is no bundle may hold the versions of a model, such as `models/yolox/2`.

    Raises:
        BundleError: there is none.
    """
    if _is_bundle(path):
        return [path]
    found = [bundle for entry in _entries(path) for bundle in ([entry] if _is_bundle(entry) else _versions(entry))]
    if not found:
        raise BundleError(
            f"there is no bundle at {path}",
            got="a directory without bundles" if path.is_dir() else "no such directory",
            expected=f"a bundle, or a directory of bundles (each with {MANIFEST_NAME}, or a {SUFFIX} file)",
            remedy="make one with `satchel pack`, or correct the path",
        )
    return found


def stamp(path: Path) -> tuple[int, ...]:
    """Changes when any file of the bundle at `path` is written; empty where there is no bundle now."""
    if not _is_bundle(path):
        return ()
    try:
        found = [file.stat() for file in (path.rglob("*") if path.is_dir() else [path])]
    except FileNotFoundError:  # being replaced at this moment: the next look sees the whole
        return ()
    times = [(each.st_mtime_ns, each.st_ino) for each in found]
    return len(found), sum(each.st_size for each in found), *max(times)


def _versions(directory: Path) -> list[Path]:
    """The bundles of a model's directory: names of versions are short numbers or words, so nothing deeper is read."""
    return [entry for entry in _entries(directory) if _is_bundle(entry)]


def _entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _is_bundle(path: Path) -> bool:
    return (path / MANIFEST_NAME).is_file() or (path.suffix == SUFFIX and path.is_file())
