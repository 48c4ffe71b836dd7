"""Jobs for the tests of processes apart: each does one thing that a converter might."""

import errno
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from inference_core.errors import EngineError


def echo(value: Any) -> Any:
    return value


def command_line() -> dict[str, Any]:
    """What can be seen of this process from outside."""
    return {"arguments": sys.orig_argv, "group": os.getpgrp(), "pid": os.getpid()}


def environment(variable: str) -> str | None:
    return os.environ.get(variable)


def fail() -> None:
    raise EngineError("the engine is out of order", got="smoke", expected="none", remedy="open a window")


def stumble() -> None:
    sys.stderr.write("".join(f"line {number}\n" for number in range(20)))
    raise ZeroDivisionError("by nought")


def give_up(message: str) -> None:
    """Writes as a library of C would, then aborts."""
    os.write(2, message.encode())
    os.abort()


def leave(code: int) -> None:
    sys.exit(code)


def chatter() -> str:
    """Writes where answers must not get mixed up with it."""
    os.write(1, b'{"value": "from stdout"}\n')
    return "from the answer"


def read_input() -> str:
    """What is there to be read, for the job and for what it starts."""
    started = subprocess.run([sys.executable, "-c", "print(input())"], capture_output=True, text=True, check=False)
    return sys.stdin.read() + started.stdout


def start_sleeper(file: str) -> None:
    """Starts a process that outlives the job, and crashes."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(file).write_text(str(sleeper.pid))
    os.abort()


def not_json() -> object:
    return object()


def work(file: str) -> None:
    """Takes a minute, in which it can be seen to run."""
    Path(file).write_text(json.dumps(os.getpid()))
    time.sleep(60)


class Counter:
    """Holds a number."""

    def __init__(self, start: int) -> None:
        self._value = start

    def add(self, number: int) -> int:
        self._value += number
        return self._value

    def fail(self) -> None:
        fail()

    def thing(self) -> object:
        return object()


def stumble_in_silence() -> None:
    """Fails for a full disk, on which what it writes would lie too."""
    sys.stderr = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115  # as long as the process
    raise OSError(errno.ENOSPC, "No space left on device")


class Litter:
    """Leaves a temporary file behind."""

    def drop(self) -> str:
        descriptor, path = tempfile.mkstemp()
        os.close(descriptor)
        return path
