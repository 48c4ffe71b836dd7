"""The command as people and scripts meet it: processes, exit codes, streams, help."""

import errno
import os
import pty
import subprocess
from pathlib import Path
from typing import NoReturn

import orjson
import pytest

from inference_core import __version__
from tests.cli.conftest import SATCHEL, Command, call
from tests.pictures import plain
from tests.test_imports import python

COMMANDS = [
    *("pack", "slim", "export", "inspect", "verify", "predict", "serve", "check", "load", "key"),
    *("archive", "unpack", "recipes", "schema", "settings"),
]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    path.write_bytes(plain((255, 0, 0)))
    return path


def test_a_process_that_succeeds_exits_0_and_writes_only_results(tiny_models: Path, picture: Path) -> None:
    answer = call("predict", tiny_models / "tiny_classifier", picture, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert orjson.loads(answer.out)["predictions"][0]["label"] == "red"


def test_a_process_that_fails_exits_1_and_writes_the_reason_to_stderr(tmp_path: Path) -> None:
    answer = call("verify", tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"error: {tmp_path} is not a bundle\n  got: no bundle.json there\n"
        "  expected: a directory with bundle.json, or a .satchel file\n"
        "  remedy: give the path of a bundle; make one with `satchel pack`\n"
    )


def test_results_reach_stdout_though_progress_is_shown(tiny_models: Path, picture: Path) -> None:
    parent, child = pty.openpty()
    command: list[str | Path] = [SATCHEL, "predict", tiny_models / "tiny_classifier", picture, "--json"]
    environment = os.environ | {"TERM": "xterm-256color"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=child, check=True, timeout=60, env=environment)
    os.close(child)
    shown = b""
    try:
        while chunk := os.read(parent, 65536):
            shown += chunk
    except OSError as error:  # how Linux says that the other end is closed
        assert error.errno == errno.EIO
    os.close(parent)
    assert b"predicting" in shown and b"predictions" not in shown
    assert orjson.loads(done.stdout)["file"] == str(picture)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["bogus"], "No such command 'bogus'."),
        (["verify"], "Missing argument"),
        (["verify", "x", "--colour"], "No such option: --colour"),
        (["pack", "m.onnx", "--recipe", "x"], "Missing option '--output'"),
    ],
)
def test_wrong_usage_exits_2_with_the_reason_on_stderr(satchel: Command, arguments: list[str], reason: str) -> None:
    answer = satchel(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert reason in answer.err


def test_the_version_is_that_of_the_package(satchel: Command) -> None:
    answer = satchel("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"satchel {__version__}\n", "")


def test_no_arguments_show_the_help_as_wrong_usage(satchel: Command) -> None:
    answer = satchel()
    assert answer.code == 2
    assert answer.out + answer.err == satchel("--help").out


def test_the_first_walk_stands_line_by_line(satchel: Command) -> None:
    answer = satchel("--help")
    assert answer.code == 0
    walk = (
        "  A first walk:\n"
        "      satchel pack model.onnx --recipe recipe.toml -o models/mine\n"
        "      satchel inspect models/mine\n"
        "      satchel predict models/mine photo.jpg --draw out.png\n"
        "      satchel serve models\n"
        "\n"
        "  Exit codes: 0 done, 1 failed (see stderr), 2 wrong usage, 130/143 stopped.\n"
    )
    assert walk in answer.out
    listed = answer.out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example_on_a_line_of_its_own(satchel: Command, name: str) -> None:
    answer = satchel(name, "--help")
    assert (answer.code, answer.err) == (0, "")
    examples = [line for line in answer.out.splitlines() if line.startswith("      satchel ")]
    assert {line.split()[1] for line in examples} == {name}
    words = [word for line in examples for word in line.split()[2:]]
    options = {word for word in words if word.startswith("-")}
    assert all(f" {option} " in answer.out.replace(",", " ") for option in options)
    assert "\b" not in answer.out and "\x1b" not in answer.out


@pytest.mark.parametrize("name", ["inspect", "recipes", "settings"])
def test_no_colours_are_written_where_there_is_no_terminal(satchel: Command, tiny_models: Path, name: str) -> None:
    answer = satchel(name, *([tiny_models / "tiny_detector"] if name == "inspect" else []))
    assert answer.code == 0 and answer.out
    assert "\x1b" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (PermissionError(13, "Permission denied", "/a/b"), 1, "error: /a/b cannot be used\n  got: Permission denied\n"),
        (
            OSError(28, "No space left on device"),
            1,
            "error: a file cannot be written\n  got: No space left on device\n",
        ),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_failing_disk_or_an_interruption_ends_without_a_traceback(
    satchel: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    def fail() -> NoReturn:
        raise error

    monkeypatch.setattr("inference_core.cli.bundles.manifest_schema", fail)
    answer = satchel("schema")
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.partition("  remedy:")[0] == told


def test_serving_imports_neither_what_packs_nor_what_draws_on_terminals() -> None:
    code = (
        "import sys; sys.argv = ['satchel', 'serve', '--help']; from inference_core.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('rich', 'fastapi', 'inference_core.cli.pack', 'inference_core.bench',"
        " 'inference_core.packing', 'inference_core.export') if name in sys.modules])"
    )
    assert python(code).stdout.splitlines()[-1] == "[]"
