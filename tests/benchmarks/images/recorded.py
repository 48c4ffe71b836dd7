"""What Docker 26 said of one image, and an archive such as `docker save` writes."""

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.images.layers import Layer

_RECORDED: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("thin.json").read_text("utf-8"))

ROWS = list(reversed(_RECORDED["rows"]))
"""Of `docker history`, oldest first."""
HISTORY = _RECORDED["history"]
"""Of the image's configuration, oldest first."""


def archive(history: Sequence[Mapping[str, Any]], layers: Mapping[str, bytes]) -> io.BytesIO:
    """With the manifest behind the layers that it names, as the engine has it."""
    config = json.dumps({"history": history}).encode()
    manifest = json.dumps([{"Config": "blobs/sha256/config", "Layers": list(layers)}]).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as writer:
        folder = tarfile.TarInfo("blobs")
        folder.type = tarfile.DIRTYPE
        writer.addfile(folder)
        for name, content in {**layers, "blobs/sha256/config": config, "manifest.json": manifest}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            writer.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


def image(packages_mb: int) -> list[Layer]:
    """One whose packages have this size, and the rest 5 MB; the base has 100."""
    megabytes = {"base": 100, "other": 1, "packages": packages_mb, "code": 3, "model": 1}
    return [Layer(kind, size * 10**6, size * 400_000) for kind, size in megabytes.items()]
