"""`python -m tests.cpp_ext.corpus FOLDER`: writes small files of every kind, for the fuzz target to start from."""

import sys
from pathlib import Path

from tests.cpp_ext.test_damage import SMALL
from tests.cpp_ext.test_files import BMPS, JPEGS, PNGS, WEBPS


def main() -> None:
    """Writes one file per kind."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in {**JPEGS, **PNGS, **WEBPS, **BMPS, **SMALL}.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
