"""What a release is made of, for release.yml: `release.py check TAG` and `release.py notes VERSION`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def package_version() -> str:
    """The version in the code, read without importing it."""
    [version] = re.findall(
        r'^__version__ = "(.+)"$', (ROOT / "inference_core" / "__init__.py").read_text(), re.MULTILINE
    )
    return str(version)


def notes(changelog: str, version: str) -> str:
    """The section of one version, without its heading."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## |^\[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md has nothing under [{version}]: move there what is under Unreleased")
    return found[1].strip() + "\n"


def check(tag: str, version: str, changelog: str) -> str:
    """The version that a tag releases, once everything names the same."""
    if tag != f"v{version}":
        raise SystemExit(f"the tag is {tag}, but inference_core.__version__ is {version}: expected v{version}")
    notes(changelog, version)
    return version


def main() -> None:
    """Prints the version, or the notes."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    match sys.argv[1:]:
        case ["check", tag]:
            print(check(tag, package_version(), changelog))
        case ["notes", version]:
            print(notes(changelog, version), end="")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
