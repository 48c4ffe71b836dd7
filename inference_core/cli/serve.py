"""`satchel serve`."""

import os
import signal
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference_core.cli.console import FAILED, command
from inference_core.cli.tryout import address, read_picture, try_out
from inference_core.cpu import available_cpus
from inference_core.dependencies import require
from inference_core.errors import SettingsError
from inference_core.repository import Repository
from inference_core.settings import Settings

if TYPE_CHECKING:
    import uvicorn

_BACKLOG = 2048
_GRACE = 30  # seconds that a stalled client may hold up the end
_STARTUP_FAILURE = 3  # uvicorn's exit code of a process that could not start


@command
def serve(
    models: Annotated[Path | None, typer.Argument(help="A bundle, or a directory of bundles. [SATCHEL_MODELS]")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [SATCHEL_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one. [SATCHEL_PORT]")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; they share the CPU threads.")] = 1,
    try_image: Annotated[Path | None, typer.Option("--try", help="Picture to ask about once ready.")] = None,
) -> None:
    """Serve bundles over HTTP: POST /models/NAME/predict, and /docs to try it in a browser.

    Everything else is set by SATCHEL_* variables; `satchel settings` lists them.

    \b
        satchel serve models --try card.png
    """
    for package in ("fastapi", "uvicorn", "uvloop", "httptools", "python_multipart"):
        require(package, extra="serve", purpose="satchel serve")
    chosen: dict[str, Any] = {"models": models, "host": host, "port": port}
    settings = replace(
        Settings.from_environment(os.environ), **{key: value for key, value in chosen.items() if value is not None}
    )
    picture = None if try_image is None else read_picture(try_image)
    repository = Repository.load(settings)  # so that a bad bundle ends the command, whatever the number of processes
    listener = _listen(settings.host, settings.port)
    port = listener.getsockname()[1]
    typer.echo(f"serving {settings.models} on {address(settings.host, port)}", err=True)
    for model in repository.all():
        card, engine = model.manifest, model.engine
        typer.echo(f"  {card.name} {card.version}: {card.task}, {engine.engine} {engine.precision}", err=True)
    config = _configure(settings, workers, repository)
    if picture is not None:
        threading.Thread(target=try_out, args=(settings.host, port, picture), daemon=True).start()
    _run(config, listener)


def _run(config: "uvicorn.Config", listener: socket.socket) -> None:
    """Serves until told to stop; exits with 1 when a child process could not start."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    if config.workers == 1:
        # uvicorn raises the signal again once the last request is answered: to have stopped when asked is no failure.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.Server(config).run(sockets=[listener])
        return
    supervisor = Multiprocess(config, sockets=[listener])
    supervisor.run()
    if any(process.exitcode == _STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(FAILED)


def _listen(host: str, port: int) -> socket.socket:
    """The socket to listen on; child processes inherit it."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.set_inheritable(True)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)  # from here on clients wait instead of being refused
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"cannot listen on {host}, port {port}",
            got=error.strerror,
            remedy="choose another with --host or --port; port 0 takes a free one",
        ) from error
    return listener


def _configure(settings: Settings, workers: int, repository: Repository) -> "uvicorn.Config":
    """What uvicorn is to run: the loaded models in this process, or several processes that load them again."""
    import uvicorn

    from inference_core.server import Service, create_app

    common: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "loop": "uvloop",
        "http": "httptools",
        "server_header": False,
        "timeout_graceful_shutdown": _GRACE,
    }
    if workers == 1:
        return uvicorn.Config(create_app(Service(settings, repository)), **common)
    repository.close()
    threads = max(1, (settings.threads or available_cpus()) // workers)
    os.environ.update(replace(settings, threads=threads).to_environment())  # the only way into uvicorn's children
    return uvicorn.Config("inference_core.server:app_from_environment", factory=True, workers=workers, **common)
