"""Layers of an image: what each is for, how large it is, and how large in a registry."""

import json
import subprocess
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from benchmarks.images import client

_FIRST_OF_OURS = "LABEL org.opencontainers.image.title="
_LEVEL = 6  # what gzip, and Docker's push, take unless told otherwise
_CHUNK = 1 << 20
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip and zstd, in which some engines keep layers

KINDS = ("packages", "code", "model", "other")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer in bytes."""

    kind: str
    """`base`, or one of KINDS."""
    size: int
    compressed: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What an archive by `docker save` says of one image."""

    history: list[dict[str, Any]]
    """Of its configuration, oldest first."""
    layers: list[int]
    """Compressed sizes, oldest first."""


class Sizes:
    """Reads images; a layer that several share is compressed once."""

    def __init__(self) -> None:
        self._compressed: dict[str, int] = {}

    def of(self, image: str) -> list[Layer]:
        """The layers, oldest first."""
        rows = client.ask("history", "--no-trunc", "--human=false", "--format", "json", image).splitlines()
        with subprocess.Popen(client.command("save", image), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            saved = read_archive(process.stdout, self._compressed)
        if process.returncode:
            raise SystemExit(f"docker save {image} ended with {process.returncode}")
        return layers(image, [json.loads(row) for row in reversed(rows)], saved)


def read_archive(stream: IO[bytes], known: dict[str, int]) -> Saved:
    """Reads an archive by `docker save` in one pass, since it may be larger than memory.

    Args:
        stream: the archive.
        known: compressed sizes by name of layers, which are their digests; gets those that it lacks.
    """
    documents: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            head = file.read(_CHUNK)
            if head[:1] in (b"{", b"["):
                documents[member.name] = head + file.read()
            elif member.name not in known:
                known[member.name] = _compressed(head, file, member.size)
    manifest = json.loads(documents["manifest.json"])[0]
    history = json.loads(documents[manifest["Config"]])["history"]
    return Saved(history, [known[name] for name in manifest["Layers"]])


def _compressed(head: bytes, rest: IO[bytes], size: int) -> int:
    if head.startswith(_COMPRESSED):
        return size
    squeeze = zlib.compressobj(_LEVEL, wbits=31)
    total = len(squeeze.compress(head))
    while chunk := rest.read(_CHUNK):
        total += len(squeeze.compress(chunk))
    return total + len(squeeze.flush())


def layers(image: str, rows: Iterable[Mapping[str, str]], saved: Saved) -> list[Layer]:
    """Puts sizes, compressed sizes and what made a layer together.

    Args:
        image: its name, for errors.
        rows: of `docker history`, oldest first.
        saved: of the same image.
    """
    made = [(row["CreatedBy"], int(row["Size"])) for row in rows]
    ours = [number for number, (by, _) in enumerate(made) if by.startswith(_FIRST_OF_OURS)]
    if not ours:
        raise SystemExit(f"{image} was not made by docker/Dockerfile: it has no title")
    installs = [number for number, (by, _) in enumerate(made) if number > ours[-1] and _installs(by)]
    compressed = iter(saved.layers)
    found: list[Layer] = []
    for number, ((by, size), entry) in enumerate(zip(made, saved.history, strict=True)):
        if entry.get("empty_layer"):
            continue
        if number < ours[-1]:
            kind = "base"
        elif number in installs:
            kind = "packages" if number == installs[0] else "code"
        else:
            kind = "model" if by.startswith("COPY /models ") else "other"
        found.append(Layer(kind, size, next(compressed)))
    return found


def _installs(by: str) -> bool:
    """Packages come first, then our code, both from stages that installed them; the naive image runs pip itself."""
    return by.startswith("COPY /install ") or (by.startswith("RUN ") and "pip install" in by)
