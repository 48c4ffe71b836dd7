"""A bundle as one file: same bytes for the same bundle, and a hostile archive does no harm."""

import os
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle import open_bundle
from inference_core.bundle.archive import extract_archive, write_archive
from inference_core.errors import IntegrityError, SatchelError
from tests.bundle.documents import WEIGHTS, write

UNSAFE = "\n  expected: a plain relative path\n  remedy: do not use this file: it was not written by satchel"
KIND = (
    "is compressed, or not a regular file\n  expected: stored regular files\n"
    "  remedy: make the file with `satchel pack` or `satchel archive`"
)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def make(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes], kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in entries:
            archive.writestr(entry(name) if isinstance(name, str) else name, data, kind)
    return path


def unpacked(path: Path) -> Path:
    """Where `path` is unpacked to: deep enough for a climbing entry to be seen."""
    target = path.parent / "a" / "b" / "c"
    target.mkdir(parents=True)
    extract_archive(path, target)
    return target


def refused(path: Path) -> str:
    before = contents(path.parent)
    with pytest.raises(IntegrityError) as caught:
        unpacked(path)
    outside = {name for name in contents(path.parent) if not name.startswith("a/b/c/")}
    assert outside == before.keys()
    return str(caught.value)


def test_an_archive_unpacks_to_the_directory_it_was_made_from(tmp_path: Path) -> None:
    folder = write(tmp_path / "tiny")
    write_archive(folder, tmp_path / "tiny.satchel")
    assert contents(unpacked(tmp_path / "tiny.satchel")) == contents(folder)
    with open_bundle(folder) as one, open_bundle(tmp_path / "tiny.satchel") as other:
        assert (one.manifest, one.digest) == (other.manifest, other.digest)


def test_an_archive_is_a_plain_zip_stored_and_sorted_with_fixed_times(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    for name in ("b/z", "b/a", "a", "c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    write_archive(folder, tmp_path / "tree.satchel")
    with zipfile.ZipFile(tmp_path / "tree.satchel") as archive:
        assert archive.testzip() is None
        facts = {(i.compress_type, i.date_time, i.external_attr, i.create_system) for i in archive.infolist()}
        assert archive.namelist() == ["a", "b/a", "b/z", "c"]
    assert facts == {(zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3)}


def test_the_bytes_do_not_depend_on_time_order_umask_or_mode(tmp_path: Path) -> None:
    names = ["b", "a", "d/c"]
    for folder, order, mask in (("one", names, 0o022), ("two", names[::-1], 0o077)):
        previous = os.umask(mask)
        for name in order:
            file = tmp_path / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
            os.utime(file, (len(folder + name) * 10**8,) * 2 if folder == "one" else (0, 0))
        write_archive(tmp_path / folder, tmp_path / f"{folder}.satchel")
        os.umask(previous)
    (tmp_path / "two" / "a").chmod(0o755)
    write_archive(tmp_path / "two", tmp_path / "three.satchel")
    assert len({(tmp_path / f"{name}.satchel").read_bytes() for name in ("one", "two", "three")}) == 1


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "../../../x",
        "/abs",
        "a/../../b",
        "a/..",
        "..",
        ".",
        "a\\b",
        "..\\x",
        "C:/x",
        "C:x",
        "a//b",
        "d/",
        ".hidden",
        "é",
    ],
)
def test_an_entry_that_could_leave_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    file = make(tmp_path / "x.satchel", (name, b"harm"))
    assert refused(file) == f"{file} has an entry with an unsafe path\n  got: {name!r}{UNSAFE}"


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFREG | 0o4755, stat.S_IFDIR | 0o755]
)
def test_an_entry_that_is_no_plain_file_is_refused(tmp_path: Path, mode: int) -> None:
    file = make(tmp_path / "x.satchel", (entry("link", mode), b"/etc/passwd"))
    assert refused(file) == f"entry link of {file} {KIND}"


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_entry_is_refused_before_it_is_unpacked(tmp_path: Path, kind: int) -> None:
    file = make(tmp_path / "x.satchel", ("zeros", bytes(10)), kind=kind)
    assert refused(file) == f"entry zeros of {file} {KIND}"
    assert not (tmp_path / "a/b/c/zeros").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("x", "x"), ("x", "x/y"), ("x/y", "x"), ("x", "x/y/z")])
def test_entries_that_get_in_each_others_way_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    file = make(tmp_path / "x.satchel", *((name, b"data") for name in names))
    assert refused(file).startswith(f"{file} is not a usable .satchel file\n  got: ")


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.satchel"
    file.write_bytes(b"no zip at all")
    assert (
        refused(file) == f"{file} is not a usable .satchel file\n  got: File is not a zip file\n  remedy: copy it again"
    )


def test_entries_that_share_their_bytes_cannot_unpack_to_more_than_the_archive_holds(tmp_path: Path) -> None:
    """Each entry is stored and covers all that follow it: small on disk, and the sum of the entries is quadratic."""
    file = make(tmp_path / "x.satchel", *((f"f{i}", bytes(100)) for i in range(20)))
    data = bytearray(file.read_bytes())
    place = end = data.index(b"PK\1\2")
    while data[place : place + 4] == b"PK\1\2":
        offset = struct.unpack_from("<I", data, place + 42)[0]
        struct.pack_into("<II", data, place + 20, *(end - offset - 32,) * 2)
        place += 46 + 3 + (struct.unpack_from("<H", data, place + 28)[0] - 3)
    file.write_bytes(data)
    assert refused(file).startswith(f"{file} declares more bytes than it holds\n  got: ")
    assert contents(tmp_path / "a") == {}


def test_an_archive_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "tiny.satchel").read_bytes()
    file = tmp_path / "cut.satchel"
    for size in range(0, len(whole), 13):
        file.write_bytes(whole[:size])
        with pytest.raises(IntegrityError):
            open_bundle(file)


def test_whatever_bit_flips_the_archive_opens_unharmed_or_is_refused_in_words(tmp_path: Path) -> None:
    whole = write(tmp_path / "tiny.satchel").read_bytes()
    file = tmp_path / "flipped.satchel"
    accepted = 0
    for place in range(0, len(whole), 3):
        file.write_bytes(bytes(byte ^ (1 << place % 8) * (i == place) for i, byte in enumerate(whole)))
        try:
            with open_bundle(file) as opened:
                accepted += (opened.directory / "model.onnx").read_bytes() == WEIGHTS
        except SatchelError as error:
            assert error.status == 503
    assert 0 < accepted < len(whole) / 3


@pytest.mark.parametrize(
    ("flag", "reason"),
    [(0x1, "is encrypted"), (0x20, "compressed patched data (flag bit 5)"), (0x40, "strong encryption (flag bit 6)")],
)
def test_entries_that_zip_can_mark_but_we_cannot_read_are_refused(tmp_path: Path, flag: int, reason: str) -> None:
    file = make(tmp_path / "x.satchel", ("x", b"data"))
    data = bytearray(file.read_bytes())
    data[6] |= flag
    data[data.index(b"PK\1\2") + 8] |= flag
    file.write_bytes(data)
    assert reason in refused(file)


def test_a_full_disk_is_not_blamed_on_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inference_core.bundle.archive.shutil.copyfileobj", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        unpacked(make(tmp_path / "x.satchel", ("x", b"data")))
    assert caught.value.errno == 28
