"""Importing costs nothing, reads nothing, and points one way."""

import ast
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import inference_core
from inference_core import errors

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "inference_core"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
HEAVY = {"numpy", "PIL", "torch", "tensorflow", "onnxruntime", "onnx", "fastapi", "pydantic", "typer", "rich", "orjson"}


CLASHING = {"nncf", "tensorflow", "tf2onnx", "torch", "torchvision"}
"""Packages of jobs that have processes of their own, since they do not all get on in one."""
OPTIONAL = {"ai_edge_litert", "google", "grpc", "onnxruntime", "openvino", "safetensors", "satchel_torchscript"}
"""Packages that may be missing."""


def python(code: str, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *flags, "-c", code]
    environment = {"PATH": os.environ["PATH"]} | variables
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def test_importing_the_package_takes_under_a_tenth_of_a_second() -> None:
    def microseconds() -> int:
        last = python("import inference_core", "-X", "importtime").stderr.splitlines()[-1]
        _, cumulative, name = last.split("|")
        assert name == " inference_core"
        return int(cumulative)

    assert statistics.median(microseconds() for _ in range(5)) < 100_000


def test_importing_the_package_brings_no_heavy_library() -> None:
    loaded = set(python("import inference_core, sys; print(*sys.modules)").stdout.split())
    assert "inference_core" in loaded
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("inference_core.")} == set()


def test_the_names_of_the_package_are_resolved_on_first_use() -> None:
    for name in inference_core.__all__:
        assert getattr(inference_core, name).__name__ == name
    assert inference_core.SatchelError is errors.SatchelError
    with pytest.raises(AttributeError, match=r"^module 'inference_core' has no attribute 'nonsense'$"):
        inference_core.nonsense  # noqa: B018


def test_no_module_reads_the_settings_when_it_is_imported() -> None:
    names = [".".join(("inference_core", *path.with_suffix("").parts)) for path in MODULES]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    missing = {package for package in OPTIONAL if find_spec(package) is None}
    names = [name for name in names if not needed(name) & (CLASHING | missing) and ".programs." not in name]
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\nprint('all')"
    assert python(code, SATCHEL_PORT="broken", SATCHEL_NONSENSE="1", SATCHEL_MODELS="").stdout == "all\n"


def needed(name: str) -> set[str]:
    """The optional packages that a module, or what it imports of ours, imports at its top."""
    return _needed(name, frozenset())


@cache
def _tops(name: str) -> frozenset[str]:
    """What a module of ours imports outside functions."""
    path = ROOT.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not file.is_file():
        return frozenset()
    nodes = list(outside_functions(ast.parse(file.read_bytes())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return frozenset(plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)})


def _needed(name: str, seen: frozenset[str]) -> set[str]:
    found = {top.split(".")[0] for top in _tops(name)} & (CLASHING | OPTIONAL)
    ours = {top for top in _tops(name) if top.startswith("inference_core.")} - seen
    return found.union(*(_needed(top, seen | ours | {name}) for top in ours))


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from outside_functions(child)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_touches_the_environment_outside_a_function(path: Path) -> None:
    for node in outside_functions(ast.parse((PACKAGE / path).read_bytes())):
        assert not (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"))
        names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        assert not names & {"environ", "environb", "getenv"}


LAYERS = {
    "errors": set(),
    "cpu": set(),
    "zoo": set(),
    "protobuf": set(),
    "oip": {"errors", "limits", "protobuf"},
    "tfs": {"errors", "protobuf"},
    "deadline": {"errors"},
    "dependencies": {"errors"},
    "settings_text": set(),
    "settings": {"errors", "settings_text"},
    "bundle": {"errors"},
    "imaging": {"errors", "bundle"},
    "limits": set(),
    "tasks": {"errors", "bundle", "imaging", "limits"},
    "observer": {"tasks"},
    "engines": {"errors", "bundle", "deadline", "dependencies"},
    "bench": {"errors", "dependencies"},
    "client": {"errors", "dependencies", "tasks"},
}
"""Which parts each part may import besides itself."""

DOORS = {"server", "cli", "__main__"}
ABOVE_THE_PIPELINE = DOORS | {"packing", "repository", "scheduler", "jobs"}


def imported_parts(path: Path) -> set[str]:
    """The parts of the package that the module imports anywhere in it, but for type checkers."""
    tree = ast.parse((PACKAGE / path).read_bytes())
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name.split(".")[1] for name in names if name.startswith("inference_core.")}
    return {part for part in ours if (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file()}


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_arrows_point_one_way(path: Path) -> None:
    part = path.with_suffix("").parts[0]
    others = imported_parts(path) - {part}
    if part in LAYERS:
        assert others <= LAYERS[part]
    elif part in ("pipeline", "predictor", "lanes", "batching", "remote"):
        assert not others & ABOVE_THE_PIPELINE
    elif part not in DOORS:
        assert not others & DOORS


def test_the_rule_on_arrows_sees_the_arrows() -> None:
    assert imported_parts(Path("imaging/preprocess.py")) == {"bundle", "errors", "imaging"}
    assert imported_parts(Path("cli/serve.py")) >= {"server", "repository", "settings", "cli"}
    assert imported_parts(Path("__init__.py")) == set()
