"""`satchel key`."""

import hashlib
import secrets

import typer

from inference_core.cli.console import command

_BYTES = 32


@command
def key() -> None:
    """Make a key for the API: the key is for callers, its digest for SATCHEL_API_KEYS. Neither is kept anywhere.

    \b
        satchel key
    """
    made = secrets.token_urlsafe(_BYTES)
    typer.echo(f"key     {made}")
    typer.echo(f"digest  {hashlib.sha256(made.encode()).hexdigest()}")
