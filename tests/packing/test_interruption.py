"""Packing that is broken off: the target is what it was, and nothing else is left."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from inference_core.cli.console import command
from tests.models import pack_classifier
from tests.packing.test_apart import is_running, wait_for
from tests.pictures import plain

FULL = "No space left on device"
SATCHEL = Path(sys.executable).with_name("satchel")


@dataclass(frozen=True)
class Tuning:
    """A `satchel pack` that has come to where it measures."""

    process: subprocess.Popen[str]
    target: Path
    before: dict[str, bytes]
    scratch: Path

    def children(self) -> list[int]:
        number = self.process.pid
        return [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def _heed_interrupts() -> None:
    """What a job in the background ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith("satchel-")]


@pytest.fixture
def tuning(tmp_path: Path) -> Iterator[Tuning]:
    target = pack_classifier(tmp_path)
    (tmp_path / "red.png").write_bytes(plain((255, 0, 0), 20, 10))
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    options = ["--engines", "onnxruntime", "--precisions", "fp32", "--tune", "latency", "--force", "-o", str(target)]
    process = subprocess.Popen(
        [SATCHEL, "pack", "classifier.onnx", "--recipe", "classifier.toml", "--image", "red.png", *options],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509  # no threads run here
    )
    with process:
        made = Tuning(process, target, contents(target), scratch)
        assert wait_for(lambda: bool(made.children()))
        yield made
        process.kill()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_packing_tidily(tuning: Tuning, number: signal.Signals, code: int) -> None:
    children = tuning.children()
    assert leftovers(tuning.scratch)
    tuning.process.send_signal(number)
    out, _ = tuning.process.communicate(timeout=20)
    assert (tuning.process.returncode, out) == (code, "")
    assert not any(map(is_running, children))
    assert leftovers(tuning.scratch) == []
    assert contents(tuning.target) == tuning.before
    assert [path.name for path in tuning.target.parent.iterdir()] == [tuning.target.name]


def test_children_do_not_outlive_packing_that_is_killed(tuning: Tuning) -> None:
    children = tuning.children()
    tuning.process.kill()
    assert wait_for(lambda: not any(map(is_running, children)))
    assert contents(tuning.target) == tuning.before


def test_a_signal_does_what_it_did_before_once_the_command_is_done() -> None:
    seen = []
    before = signal.getsignal(signal.SIGTERM)
    command(lambda: seen.append(signal.getsignal(signal.SIGTERM)))()
    assert seen[0] != before
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, FULL, "model.onnx", None, "to/model.onnx"),
            "to/model.onnx cannot be written",
        ),
        (OSError(errno.ENOSPC, FULL), "a file cannot be written"),
        (OSError(errno.EACCES, "Permission denied", "a.png"), "a.png cannot be used"),
        (OSError("10 requested and 5 written"), "a file cannot be used"),
    ],
)
def test_what_the_file_system_refuses_is_told(error: OSError, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    def body() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        command(body)()
    assert ended.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {said}\n  got: {error.strerror or error}\n")
    assert "room" in told.partition("remedy:")[2]
