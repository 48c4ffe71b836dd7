"""A bundle as one file: a plain zip, stored, with fixed times and order: the same bundle gives the same bytes."""

import errno
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from inference_core.bundle.schema import RelativePath
from inference_core.errors import IntegrityError

SUFFIX = ".satchel"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644


def write_archive(directory: Path, target: Path) -> None:
    """Writes the bundle in `directory` to the file `target`."""
    names = sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, so that the bytes do not depend on where they were written
            info.external_attr = _REGULAR_FILE << 16
            with (directory / name).open("rb") as source, archive.open(info, "w", force_zip64=True) as stream:
                shutil.copyfileobj(source, stream, 2**20)


def extract_archive(path: Path, directory: Path) -> None:
    """Unpacks the `.satchel` file `path` into the empty `directory`.

    Raises:
        IntegrityError: not a zip, damaged, compressed, or an entry is a link or would leave the directory.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive.infolist(), path)
            for info in archive.infolist():
                _check_entry(info, path)
                target = directory / info.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as stream:
                    shutil.copyfileobj(source, stream, 2**20)
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OSError) as error:
        # A full disk is not the archive's fault; an impossible offset or a file in the place of a directory is.
        if isinstance(error, OSError) and error.errno not in (errno.EINVAL, errno.EEXIST, errno.ENOTDIR):
            raise
        raise IntegrityError(f"{path} is not a usable {SUFFIX} file", got=str(error), remedy="copy it again") from error


def _check_size(entries: Sequence[zipfile.ZipInfo], path: Path) -> None:
    """Entries that share their bytes would let a small archive unpack to an enormous one."""
    declared, actual = sum(info.file_size for info in entries), path.stat().st_size
    if declared > actual:
        raise IntegrityError(
            f"{path} declares more bytes than it holds",
            got=f"{declared} bytes in {len(entries)} entries",
            expected=f"at most {actual}",
            remedy="copy it again",
        )


def _check_entry(info: zipfile.ZipInfo, path: Path) -> None:
    try:
        TypeAdapter(RelativePath).validate_python(info.filename)
    except ValidationError:
        raise IntegrityError(
            f"{path} has an entry with an unsafe path",
            got=repr(info.filename),
            expected="a plain relative path",
            remedy="do not use this file: it was not written by satchel",
        ) from None
    # Stored entries only: a small archive cannot then unpack to an enormous one.
    if info.compress_type != zipfile.ZIP_STORED or info.external_attr >> 16 not in (0, _REGULAR_FILE):
        raise IntegrityError(
            f"entry {info.filename} of {path} is compressed, or not a regular file",
            expected="stored regular files",
            remedy="make the file with `satchel pack` or `satchel archive`",
        )
