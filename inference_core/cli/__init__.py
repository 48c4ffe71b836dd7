"""The `satchel` command."""

from typing import Annotated

import typer

from inference_core import __version__
from inference_core.cli import bundles, export, keys, load, pack, predict, serve

_HELP = """Pack a trained vision model into a verified bundle, and serve it.

\b
A first walk:
    satchel pack model.onnx --recipe recipe.toml -o models/mine
    satchel inspect models/mine
    satchel predict models/mine photo.jpg --draw out.png
    satchel serve models

Exit codes: 0 done, 1 failed (see stderr), 2 wrong usage, 130/143 stopped.
"""

_COMMANDS = (
    pack.pack,
    pack.slim,
    export.export,
    bundles.inspect,
    bundles.verify,
    predict.predict,
    serve.serve,
    load.load,
    keys.key,
    bundles.archive,
    bundles.unpack,
    bundles.recipes,
    bundles.schema,
    bundles.settings,
)


def main() -> None:
    """Runs the command line."""
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False
    )
    app.callback()(_root)
    for body in _COMMANDS:
        app.command()(body)
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
