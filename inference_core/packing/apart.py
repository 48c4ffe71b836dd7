"""Work in a process of its own: two copies of libtorch, or torch beside TensorFlow, do not share one; nor shall a crash
in a converter end the packing.

A job is a function, or a class whose methods are called afterwards, named `module:name`, so that what it imports is
imported there only. Arguments and answers are JSON; arrays go through files.
"""

import contextlib
import importlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from types import TracebackType
from typing import IO, Any, Self

from inference_core import errors
from inference_core.errors import PackError, SatchelError

_TAIL = 5
_TAIL_BYTES = 2**16
_START = "import sys; from inference_core.packing.apart import serve; serve(int(sys.argv[1]))"


class Apart:
    """A process that holds one object, whose methods it calls. It ends with this process, whatever it is doing then.

    It looks modules up where this process does, not in the working directory.

    Args:
        target: `module:Class`, or `module:function` whose answer is the object.
        purpose: what it does, as in "the process for PURPOSE ended".
        environment: variables on top of this process's.
        arguments: of `target`, as JSON values.

    Raises:
        SatchelError: whatever `target` raised.
        PackError: the process ended, or met an error that is not of the tree.
    """

    def __init__(
        self,
        target: str,
        *,
        purpose: str,
        environment: dict[str, str] | None = None,
        **arguments: Any,  # noqa: ANN401  # JSON
    ) -> None:
        self._purpose = purpose
        # Of its own, so that nothing is left of what it was doing when it ended.
        self._scratch = tempfile.TemporaryDirectory(prefix="satchel-")
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # `close` closes it
        answers, write = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-P", "-c", _START, str(write)],
            stdin=subprocess.PIPE,
            stdout=self._stderr,  # libraries print there what is of no use to who reads our output
            stderr=self._stderr,
            pass_fds=[write],
            env={**os.environ, **_surroundings(self._scratch.name), **(environment or {})},
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
            text=True,
        )
        os.close(write)
        self._answers = os.fdopen(answers)
        try:
            self.value = self._ask({"target": target, "arguments": arguments})
        except BaseException:
            self.close()
            raise

    def call(self, method: str, **arguments: Any) -> Any:  # noqa: ANN401  # JSON
        """What the method of the object answers. Raises as the constructor does."""
        return self._ask({"method": method, "arguments": arguments})

    def close(self) -> None:
        """Ends the process and those it started. Closing twice does no harm."""
        if self._answers.closed:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._answers.close()
        self._stderr.close()
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, message: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise self._ended()
        answer = json.loads(line)
        if "error" in answer:
            raise _error_of(answer["error"])
        if "defect" in answer:
            tail = self._tail()
            remedy = f"the last lines it wrote:\n{tail}" if tail else None
            raise PackError(f"{self._purpose} failed", got=answer["defect"], remedy=remedy)
        return answer["value"]

    def _ended(self) -> PackError:
        code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return PackError(f"the process for {self._purpose} ended with {how}", got=self._tail() or None)

    def _tail(self) -> str:
        """Read without moving the place where the process writes."""
        descriptor = self._stderr.fileno()
        start = max(0, os.fstat(descriptor).st_size - _TAIL_BYTES)
        written = os.pread(descriptor, _TAIL_BYTES, start)
        return "\n".join(written.decode(errors="replace").strip().splitlines()[-_TAIL:])


def run_apart(target: str, *, purpose: str, environment: dict[str, str] | None = None, **arguments: Any) -> Any:  # noqa: ANN401  # JSON
    """What the function `target` answers, run in a process that ends with it. See `Apart`."""
    with Apart(target, purpose=purpose, environment=environment, **arguments) as process:
        return process.value


def _surroundings(scratch: str) -> dict[str, str]:
    """Variables by which a process finds our modules, and puts its temporary files into `scratch`."""
    return {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": scratch}


def _error_of(body: dict[str, Any]) -> SatchelError:
    """The error that `_body_of` wrote down."""
    kind: type[SatchelError] = getattr(errors, body.pop("kind"))
    return kind(body.pop("message"), **body)


def _body_of(error: SatchelError) -> dict[str, Any]:
    kind = type(error).__name__
    facts = {"got": error.got, "expected": error.expected, "remedy": error.remedy}
    return {"kind": kind, "message": error.message, **facts}


def serve(descriptor: int) -> None:
    """The other side: makes the object, then calls its methods, until the parent is gone.

    Args:
        descriptor: where answers are written.
    """
    os.set_inheritable(descriptor, False)  # what a job starts must not keep it open
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    commands = os.fdopen(os.dup(sys.stdin.fileno()), encoding="ascii")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())  # nor read it
    os.close(nothing)
    threading.Thread(target=_listen, args=(commands, requests), daemon=True).start()
    with os.fdopen(descriptor, "w", encoding="ascii") as answers:
        _answer(requests, answers)


def _listen(commands: IO[str], requests: "queue.SimpleQueue[str]") -> None:
    """Passes requests on; kills the process group, jobs and what they started, when the parent is gone."""
    for line in commands:
        requests.put(line)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _answer(requests: "queue.SimpleQueue[str]", answers: IO[str]) -> None:
    held: Any = None
    while True:
        message = json.loads(requests.get())
        try:
            if "target" in message:
                module, _, name = message["target"].partition(":")
                held = getattr(importlib.import_module(module), name)(**message["arguments"])
                value = held if _is_json(held) else None
            else:
                value = getattr(held, message["method"])(**message["arguments"])
            answer = json.dumps({"value": value})
        except SatchelError as error:
            answer = json.dumps({"error": _body_of(error)})
        except Exception as error:  # told to the parent, which knows what it was for
            with contextlib.suppress(OSError):  # the disk may be full
                traceback.print_exc()
            answer = json.dumps({"defect": f"{type(error).__name__}: {error}"})
        answers.write(answer + "\n")
        answers.flush()


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, (dict, list, str, int, float))
