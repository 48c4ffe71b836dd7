"""Just enough of Bicep to check files without its compiler: what they declare, call and pass on."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "deploy" / "azure"
MAIN = FOLDER / "infra" / "main.bicep"
FILES = sorted((FOLDER / "infra").rglob("*.bicep"))

_PIECE = re.compile(r"//[^\n]*|'(?:\\.|[^'\\\n])*'")
_PARAMETER = re.compile(r"((?:@[^\n]*\n)*)param (\w+) (\w+)(?: = (.*))?")
_MODULE = re.compile(r"^module (\w+) '([^']+)' = (?:if \([^\n]*\) )?\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_PASSED = re.compile(r"^    (\w+): ", re.MULTILINE)


@dataclass(frozen=True)
class Parameter:
    """A declared parameter."""

    name: str
    default: str | None
    decorators: str


@dataclass(frozen=True)
class Module:
    """A module as it is called."""

    name: str
    file: Path
    passed: frozenset[str]


@cache
def text(file: Path) -> str:
    """What a file says, comments aside."""
    return _PIECE.sub(lambda piece: "" if piece[0].startswith("//") else piece[0], file.read_text())


def bare(file: Path) -> str:
    """A file without comments and strings: brackets and names alone. What strings interpolate stays."""

    def interpolated(piece: re.Match[str]) -> str:
        return "" if piece[0].startswith("//") else " ".join(re.findall(r"\$\{([^}]*)\}", piece[0]))

    return _PIECE.sub(interpolated, file.read_text())


def parameters(file: Path) -> dict[str, Parameter]:
    """The parameters of a file, by name."""
    found = _PARAMETER.finditer(file.read_text())
    return {m[2]: Parameter(m[2], m[4], m[1]) for m in found}


def outputs(file: Path) -> set[str]:
    """The outputs of a file."""
    return set(re.findall(r"^output (\w+) ", text(file), re.MULTILINE))


def modules(file: Path) -> dict[str, Module]:
    """The modules that a file calls, by name."""
    called = {}
    for name, path, body in _MODULE.findall(text(file)):
        passed = body.partition("  params: {\n")[2]
        called[name] = Module(name, file.parent / path, frozenset(_PASSED.findall(passed)))
    return called


def resources(file: Path) -> list[tuple[str, str]]:
    """Type and API version of each resource."""
    return re.findall(r"^resource \w+ '([^'@]+)@([^']+)'", text(file), re.MULTILINE)
