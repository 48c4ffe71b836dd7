"""Nothing of ours reads what can run code: no pickles, however they are dressed."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("inference_core", "function_app", "examples", "benchmarks", "scripts")
MODULES = ("pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib")
RUFF = Path(sys.executable).with_name("ruff")


def reads_pickles(source: bytes | str) -> list[str]:
    """Calls that may unpickle: NumPy's with `allow_pickle`, torch's without `weights_only=True`, and pandas' reader."""
    tree = ast.parse(source)
    loads = _torch_loads(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if _may_unpickle(call, loads)]


def _torch_loads(tree: ast.Module) -> set[str]:
    """Every name that `torch.load` has in a module."""
    names = {"torch.load"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {f"{alias.asname}.load" for alias in node.names if alias.name == "torch" and alias.asname}
        if isinstance(node, ast.ImportFrom) and node.module in ("torch", "torch.serialization"):
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "load"}
    return names


def _may_unpickle(call: ast.Call, torch_loads: set[str]) -> bool:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    name = ast.unparse(call.func)
    if name in torch_loads:
        return not _is(given.get("weights_only"), True)
    if name.rpartition(".")[2] == "read_pickle":
        return True
    if "allow_pickle" in given:
        return not _is(given["allow_pickle"], False)
    return None in given and name in ("np.load", "numpy.load")  # **options may hold it


def _is(value: ast.expr | None, wanted: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is wanted


def test_nothing_of_ours_reads_pickles() -> None:
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 100
    found = {str(file.relative_to(ROOT)): calls for file in files if (calls := reads_pickles(file.read_bytes()))}
    assert found == {}


@pytest.mark.parametrize(
    "call",
    [
        *("np.load(path, allow_pickle=True)", "np.load(path, allow_pickle=wanted)", "np.load(path, **options)"),
        *("np.save(path, array, allow_pickle=True)", "torch.load(path)", "torch.load(path, weights_only=False)"),
        *("torch.load(path, weights_only=wanted)", "import torch as t\nt.load(path)", "pandas.read_pickle(path)"),
        *("from torch import load\nload(path)", "from torch.serialization import load as read\nread(path)"),
    ],
)
def test_a_call_that_may_unpickle_is_found(call: str) -> None:
    assert len(reads_pickles(call)) == 1


@pytest.mark.parametrize(
    "call",
    [
        *(
            "np.load(path)",
            "np.load(path, allow_pickle=False)",
            "torch.load(path, weights_only=True)",
            "json.load(file)",
        ),
        *("from json import load\nload(file)", "json.load(file)", "_read_pickle(path)", "pickletools.genops(file)"),
    ],
)
def test_a_call_that_cannot_is_left_alone(call: str) -> None:
    assert reads_pickles(call) == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_import_of_a_reader_of_pickles_is_refused(room: str) -> None:
    forms = ("import {}", "import {} as other", "from {} import load", "from {} import load as other")
    lines = [f"    {form.format(module)}\n" for module in MODULES for form in forms]
    assert _lines_refused("def read() -> None:\n" + "".join(lines), f"{room}/example.py") == len(lines)


def test_looking_at_opcodes_is_allowed() -> None:
    assert _lines_refused("import pickletools\n", "inference_core/example.py") == 0


def _lines_refused(source: str, name: str) -> int:
    """By the rules of this repository for a module of that name."""
    command: list[str | Path] = [RUFF, "check", "--no-cache", "--output-format", "json", "--stdin-filename", name, "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False, cwd=ROOT)
    return len({found["location"]["row"] for found in json.loads(done.stdout) if found["code"] == "TID251"})
