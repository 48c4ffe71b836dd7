"""SHA-256 of files."""

import hashlib
from pathlib import Path

from inference_core.bundle.manifest import FileRecord


def describe_file(path: Path) -> FileRecord:
    """Digest and size of the file at `path`, read once in blocks."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileRecord(sha256=digest, bytes=stream.tell())
