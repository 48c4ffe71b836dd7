"""`satchel serve --try`: asks the running server about one picture, as any client would."""

import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import orjson
import typer

from inference_core.cli.console import stdout
from inference_core.errors import BadRequestError

_WITHIN = 60.0


def read_picture(path: Path) -> bytes:
    """The bytes of the picture to ask about."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadRequestError(f"{path} cannot be read", got=error.strerror, remedy="correct the path") from error


def try_out(address: str, picture: bytes) -> None:
    """Waits until the server is ready, posts the picture to each model, and prints what it finds."""
    deadline = time.monotonic() + _WITHIN
    while not _is_ready(address):
        if time.monotonic() > deadline:
            typer.echo(f"the server did not become ready within {_WITHIN:.0f} s", err=True)
            return
        time.sleep(0.1)
    for model in _ask(f"{address}/models")["models"]:
        url = f"{address}/models/{model['name']}/predict"
        try:
            _print(url, _ask(url, picture))
        except HTTPError as error:
            typer.echo(f"POST {url} failed: {error.read().decode()}", err=True)
    stdout().print(f"\ntry it in a browser: {address}/docs")
    sys.stdout.flush()


def _print(url: str, result: dict[str, Any]) -> None:
    typer.echo(f"POST {url}")
    for p in result["predictions"]:
        place = f"  [{', '.join(f'{v:.0f}' for v in p['box'])}]" if "box" in p else ""
        typer.echo(f"  {p['score']:.3f}  {p['label']}{place}")
    typer.echo(f"  {len(result['predictions'])} found, milliseconds: {result['timings_ms']}")


def _is_ready(address: str) -> bool:
    try:
        _ask(f"{address}/health/ready")
    except (HTTPError, URLError, ConnectionError):
        return False
    return True


def _ask(url: str, body: bytes | None = None) -> Any:  # noqa: ANN401  # whatever the JSON holds
    request = Request(url, body, {"Content-Type": "application/octet-stream"})  # noqa: S310  # our own address
    with urlopen(request, timeout=_WITHIN) as response:  # noqa: S310
        return orjson.loads(response.read())
