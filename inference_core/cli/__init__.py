"""The `satchel` command."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from inference_core import __version__

_HELP = """Pack a trained vision model into a verified bundle, and serve it.

\b
A first walk:
    satchel pack model.onnx --recipe recipe.toml -o models/mine
    satchel inspect models/mine
    satchel predict models/mine photo.jpg --draw out.png
    satchel serve models

Exit codes: 0 done, 1 failed (see stderr), 2 wrong usage, 130/143 stopped.
"""

_COMMANDS = {
    "pack": "pack",
    "slim": "pack",
    "export": "export",
    "inspect": "bundles",
    "verify": "bundles",
    "predict": "predict",
    "serve": "serve",
    "check": "check",
    "load": "load",
    "key": "keys",
    "archive": "bundles",
    "unpack": "bundles",
    "recipes": "bundles",
    "schema": "bundles",
    "settings": "bundles",
}
"""Each command's module. Those of packing and of measuring take longer to import than a server takes to start."""


def main() -> None:
    """Runs the command line."""
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False
    )
    app.callback()(_root)
    asked = sys.argv[1:2]
    for name in asked if asked and asked[0] in _COMMANDS else _COMMANDS:
        app.command()(getattr(import_module(f"inference_core.cli.{_COMMANDS[name]}"), name))
    app(prog_name="satchel")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"satchel {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Kept for its option."""
