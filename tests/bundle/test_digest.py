"""Digests of files."""

from pathlib import Path

import pytest

from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import FileRecord


@pytest.mark.parametrize(
    ("content", "sha256"),
    [
        # FIPS 180-2, appendix B: "abc" and a million times "a"; and of nothing at all.
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (b"a" * 10**6, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
    ids=["abc", "million", "empty"],
)
def test_a_file_is_described_by_its_sha256_and_size(tmp_path: Path, content: bytes, sha256: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert describe_file(tmp_path / "file") == FileRecord(sha256=sha256, bytes=len(content))
