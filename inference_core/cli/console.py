"""What the commands share: where output goes, and how errors end a command."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from inference_core.errors import SatchelError

FAILED = 1
INTERRUPTED = 130

P = ParamSpec("P")
R = TypeVar("R")


def stdout() -> Console:
    """For results: text as it is, since labels may hold brackets. Colours only on a terminal."""
    return Console(highlight=False, markup=False, emoji=False)


def stderr() -> Console:
    """For progress and errors, so that results can be piped."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def command(body: Callable[P, R]) -> Callable[P, R]:
    """Turns an error of the tree, or of the file system, into a message and exit code 1, and Ctrl-C into 130."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except SatchelError as error:
            report(error)
            sys.exit(FAILED)
        except BrokenPipeError:
            raise  # the reader of our output has gone: nobody is left to tell
        except OSError as error:
            report(SatchelError(f"{error.filename or 'a file'} cannot be used", got=error.strerror or str(error)))
            sys.exit(FAILED)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return run


def report(error: SatchelError, about: str | None = None) -> None:
    """Writes an error for people to stderr."""
    head = Text("error: ", style="bold red")
    stderr().print(head + Text(f"{about}: {error}" if about else str(error)), soft_wrap=True)


def progress_bar() -> Progress:
    """A progress bar on stderr; silent where stderr is no terminal."""
    console = stderr()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
