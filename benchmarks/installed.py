"""What packages weigh: `python installed.py NAME ...` prints the bytes of their files and of all that they require.

It needs nothing but the standard library, so that any environment can be asked.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path


def with_requirements(names: list[str]) -> dict[str, Distribution]:
    """The installed distributions of these names and, without extras, all that they require."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # a requirement of another platform
        plain = [line for line in found[name].requires or () if "extra ==" not in line]
        waiting += [match.group() for line in plain if (match := re.match(r"[\w.-]+", line))]
    return found


def size(package: Distribution) -> int:
    """Bytes of its files."""
    paths = [Path(str(package.locate_file(file))) for file in package.files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    print(sum(size(package) for package in with_requirements(sys.argv[1:]).values()))
