"""Opening a bundle: a directory or one `.satchel` file, verified before anything in it is used."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from inference_core.bundle.archive import SUFFIX, extract_archive
from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import MANIFEST_NAME, Artifact, Manifest
from inference_core.bundle.schema import parse_record
from inference_core.errors import BundleError, IntegrityError, NotFoundError

_MANIFEST_LIMIT = 16 * 2**20


class Bundle:
    """An opened, verified bundle. Close it, or use it as a context manager, to remove what it unpacked."""

    def __init__(
        self, manifest: Manifest, directory: Path, digest: str, unpacked: tempfile.TemporaryDirectory[str] | None
    ) -> None:
        self.manifest = manifest
        self.directory = directory
        self.digest = digest
        """SHA-256 of `bundle.json`, which names the digest of every other file: it identifies the content."""
        self._unpacked = unpacked

    def artifact(self, engine: str | None = None) -> Artifact:
        """The artifact for `engine`, which may add a precision, as in `openvino:int8`; or the bundle's default one.

        Raises:
            NotFoundError: the bundle holds nothing for that engine.
        """
        artifacts = self.manifest.artifacts
        for artifact in artifacts:
            if engine in (None, artifact.engine, f"{artifact.engine}:{artifact.precision}"):
                return artifact
        raise NotFoundError(
            f"bundle {self.manifest.name} has no artifact for engine {engine}",
            expected=f"one of {', '.join(f'{a.engine}:{a.precision}' for a in artifacts)}",
            remedy="choose one of these, or pack the model again for that engine",
        )

    def close(self) -> None:
        """Removes the unpacked copy of a `.satchel` file; a bundle directory is left as it is."""
        if self._unpacked is not None:
            self._unpacked.cleanup()
            self._unpacked = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_bundle(path: str | os.PathLike[str], *, artifacts: bool = True) -> Bundle:
    """Opens the bundle directory or `.satchel` file at `path` and verifies every file in it.

    Args:
        path: of the bundle.
        artifacts: whether the files of the artifacts must be there. Where another service runs the model they need
            not; those that are there are verified all the same.

    Raises:
        BundleError: there is no bundle there.
        ManifestError: `bundle.json` does not follow the schema.
        IntegrityError: a file is missing, unlisted, altered or a link, or an archive entry would leave the bundle.
    """
    path = Path(path)
    if path.is_file() and path.suffix == SUFFIX:
        unpacked = tempfile.TemporaryDirectory(prefix="satchel-")
        try:
            extract_archive(path, Path(unpacked.name))
            return _open_directory(Path(unpacked.name), unpacked, artifacts, where=str(path))
        except BaseException:
            unpacked.cleanup()
            raise
    return _open_directory(path, None, artifacts, where=str(path))


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a bundle directory, whose files are not looked at.

    Raises:
        BundleError: there is no bundle there.
        ManifestError: `bundle.json` does not follow the schema.
    """
    return parse_record(Manifest, _read_manifest(directory, str(directory)), where=f"{directory}/{MANIFEST_NAME}")


def _open_directory(
    root: Path, unpacked: tempfile.TemporaryDirectory[str] | None, artifacts: bool, where: str
) -> Bundle:
    text = _read_manifest(root, where)
    found = _list_files(root, where)
    manifest = parse_record(Manifest, text, where=f"{where}/{MANIFEST_NAME}")
    _verify(manifest, found, artifacts, where)
    return Bundle(manifest, root, hashlib.sha256(text).hexdigest(), unpacked)


def _read_manifest(root: Path, where: str) -> bytes:
    path = root / MANIFEST_NAME
    if not path.is_file():
        raise BundleError(
            f"{where} is not a bundle",
            got=f"no {MANIFEST_NAME} there" if root.is_dir() else "no such directory",
            expected=f"a directory with {MANIFEST_NAME}, or a {SUFFIX} file",
            remedy="give the path of a bundle; make one with `satchel pack`",
        )
    if path.stat().st_size > _MANIFEST_LIMIT:
        raise BundleError(
            f"{path} is too large", got=f"{path.stat().st_size} bytes", expected=f"at most {_MANIFEST_LIMIT}"
        )
    return path.read_bytes()


def _list_files(root: Path, where: str) -> dict[str, Path]:
    """Every file below `root` by its relative name. Links and other special files are refused."""
    files: dict[str, Path] = {}
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as entries:
            found = list(entries)
        for entry in found:
            name = Path(entry.path).relative_to(root).as_posix()
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                pending.append(Path(entry.path))
            elif stat.S_ISREG(mode):
                files[name] = Path(entry.path)
            else:
                raise IntegrityError(
                    f"{name} in {where} is a link or a special file",
                    expected="regular files only",
                    remedy="replace it with the file itself and pack again",
                )
    del files[MANIFEST_NAME]
    return files


def _verify(manifest: Manifest, found: dict[str, Path], artifacts: bool, where: str) -> None:
    for name in sorted(found.keys() - manifest.files.keys()):
        raise IntegrityError(
            f"{where} holds {name}, which its manifest does not list",
            expected="only listed files",
            remedy="remove it, or pack the bundle again",
        )
    for name, record in manifest.files.items():
        if name not in found:
            if not artifacts and any(artifact.owns(name) for artifact in manifest.artifacts):
                continue
            raise IntegrityError(
                f"{name} is missing from {where}",
                expected=f"{record.bytes} bytes, sha256 {record.sha256}",
                remedy="copy the whole bundle again",
            )
        actual = describe_file(found[name])
        if actual != record:
            raise IntegrityError(
                f"{name} in {where} is not the file that was packed",
                got=f"{actual.bytes} bytes, sha256 {actual.sha256}",
                expected=f"{record.bytes} bytes, sha256 {record.sha256}",
                remedy="copy the bundle again, or pack it again if the change was meant",
            )
