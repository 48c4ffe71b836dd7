"""What the commands share: where output goes, and how errors end a command."""

import errno
import functools
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from inference_core.errors import SatchelError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

FAILED = 1
INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SIGNALLED = 128
"""Added to the number of a signal: the exit code of what it ended, as shells have it."""

P = ParamSpec("P")
R = TypeVar("R")


def stdout() -> "Console":
    """For results: text as it is, since labels may hold brackets. Colours only on a terminal."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> "Console":
    """For progress and errors, so that results can be piped."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def command(body: Callable[P, R]) -> Callable[P, R]:
    """Turns an error of the tree, or of the file system, into a message and exit code 1, and Ctrl-C into 130.

    SIGTERM ends it as tidily, with 143: temporary files go, and so do child processes.
    """

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _tidy_end():
                return body(*args, **kwargs)
        except SatchelError as error:
            report(error)
            sys.exit(FAILED)
        except BrokenPipeError:
            raise  # the reader of our output has gone: nobody is left to tell
        except OSError as error:
            report(_of_files(error))
            sys.exit(FAILED)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return run


def _of_files(error: OSError) -> SatchelError:
    """What the file system refused. Of two files, as in copying, the second one is written."""
    got = error.strerror or str(error)
    if error.errno in _FULL:
        remedy = f"free some room there and in {tempfile.gettempdir()}, or name another directory in TMPDIR"
        return SatchelError(f"{error.filename2 or 'a file'} cannot be written", got=got, remedy=remedy)
    name = error.filename2 or error.filename or "a file"
    remedy = "check the path, who may use it, and that there is room on its disk"
    return SatchelError(f"{name} cannot be used", got=got, remedy=remedy)


@contextmanager
def _tidy_end() -> Iterator[None]:
    """SIGTERM meanwhile leaves the body through its `finally` clauses. Signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would break off the tidying
    sys.exit(_SIGNALLED + number)


def report(error: SatchelError, about: str | None = None) -> None:
    """Writes an error for people to stderr."""
    from rich.text import Text

    head = Text("error: ", style="bold red")
    stderr().print(head + Text(f"{about}: {error}" if about else str(error)), soft_wrap=True)


def progress_bar() -> "Progress":
    """A progress bar on stderr; silent where stderr is no terminal."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = stderr()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
