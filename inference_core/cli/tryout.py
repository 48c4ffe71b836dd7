"""`satchel serve --try`: asks the running server about one picture, as any client would."""

import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import typer

from inference_core.errors import BadRequestError

_WITHIN = 60.0


def read_picture(path: Path) -> bytes:
    """The bytes of the picture to ask about."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadRequestError(f"{path} cannot be read", got=error.strerror, remedy="correct the path") from error


def try_out(host: str, port: int, picture: bytes) -> None:
    """Waits until the server is ready, posts the picture to each model, and prints what it finds."""
    deadline = time.monotonic() + _WITHIN
    while not _is_ready(host, port):
        if time.monotonic() > deadline:
            typer.echo(f"the server did not become ready within {_WITHIN:.0f} s", err=True)
            return
        time.sleep(0.1)
    _, listing = _ask(host, port, "GET", "/models")
    for model in listing["models"]:
        path = f"/models/{model['name']}/predict"
        typer.echo(f"POST {address(host, port)}{path}")
        _print(*_ask(host, port, "POST", path, picture))
    typer.echo(f"\ntry it in a browser: {address(host, port)}/docs")
    sys.stdout.flush()


def address(host: str, port: int) -> str:
    """The start of the server's URLs, as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # the wildcard is read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _print(status: int, answer: dict[str, Any]) -> None:
    if status != 200:
        typer.echo(f"  {status}: {answer['error']['message']}", err=True)
        return
    for p in answer["predictions"]:
        place = f"  [{', '.join(f'{v:.0f}' for v in p['box'])}]" if "box" in p else ""
        typer.echo(f"  {p['score']:.3f}  {p['label']}{place}")
    spent = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in answer["timings_ms"].items())
    typer.echo(f"  {len(answer['predictions'])} found; {spent}")


def _is_ready(host: str, port: int) -> bool:
    try:
        return _ask(host, port, "GET", "/health/ready")[0] == 200
    except OSError:
        return False


def _ask(host: str, port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(host, port, timeout=_WITHIN)
    try:
        connection.request(method, path, body, {"Content-Type": "application/octet-stream"})
        response = connection.getresponse()
        return response.status, orjson.loads(response.read())
    finally:
        connection.close()
