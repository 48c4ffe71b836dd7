"""`satchel serve`."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    from inference_core.server import Service

_BACKLOG = 2048
_GRACE = 30  # seconds that a stalled client may hold up the end
_STARTUP_FAILURE = 3  # uvicorn's exit code of a process that could not start
_APPLICATION = "inference_core.server:app_from_environment"


@command
def serve(
    models: Annotated[Path | None, typer.Argument(help="A bundle, or a directory of bundles. [SATCHEL_MODELS]")] = None,
    only: Annotated[
        str | None, typer.Option("--models", help="Names of the models to serve, with commas between. [SATCHEL_ONLY]")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [SATCHEL_HOST]")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one. [SATCHEL_PORT]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; they share the CPU threads. [SATCHEL_WORKERS]")
    ] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Take up changes of bundles and of code at once.")] = False,
    try_image: Annotated[Path | None, typer.Option("--try", help="Picture to ask about once ready.")] = None,
) -> None:
    """Serve bundles over HTTP: POST /models/NAME/predict, and a page to try it in a browser.

    Everything else is set by SATCHEL_* variables; `satchel settings` lists them.

    \b
        satchel serve models --try card.png
    """
    for package in ("fastapi", "uvicorn", "uvloop", "httptools", "python_multipart", "prometheus_client"):
        require(package, extra="serve", purpose="satchel serve")
    chosen: dict[str, Any] = {
        **{"models": models, "host": host, "port": port, "workers": workers},
        **{"only": None if only is None else tuple(only.split(",")), "reload": reload or None},
    }
    settings = replace(
        Settings.from_environment(os.environ), **{key: value for key, value in chosen.items() if value is not None}
    )
    if settings.grpc_port is not None:
        require("grpc", extra="grpc", purpose="gRPC")
    picture = None if try_image is None else read_picture(try_image)
    _serve(settings, picture, reload)


def _serve(settings: Settings, picture: bytes | None, reload: bool) -> None:
    from inference_core.server import Metrics, Service, configure_logging

    configure_logging(settings.log_format)
    with _processes(settings, reload) as several:
        metrics = None if several else Metrics()
        # Loaded here too where other processes serve, so that a bad bundle ends the command; that counts for nothing.
        repository = Repository.load(settings, metrics)
        listener = _listen(settings.host, settings.port)
        port = listener.getsockname()[1]
        _announce(settings, port, repository)
        if picture is not None:
            threading.Thread(target=try_out, args=(settings.host, port, picture), daemon=True).start()
        if several:
            repository.close()
            _run_processes(settings, listener, reload)
        else:
            _run_here(Service(settings, repository, metrics), listener)


def _announce(settings: Settings, port: int, repository: Repository) -> None:
    typer.echo(f"serving {settings.models} on {address(settings.host, port)}", err=True)
    for entry in repository.entries():
        card, model = entry.manifest, entry.model
        engine = "with its first request" if model is None else f"{model.engine.engine} {model.engine.precision}"
        typer.echo(f"  {card.name} {card.version}: {card.task}, {engine}", err=True)


@contextmanager
def _processes(settings: Settings, reload: bool) -> Iterator[bool]:
    """Whether other processes serve than this one. They share a place for their metrics."""
    from inference_core.server import prepare_multiprocess

    if settings.workers == 1:
        yield reload
        return
    with prepare_multiprocess():
        yield True


def _run_here(service: "Service", listener: socket.socket) -> None:
    """Serves in this process until told to stop."""
    from inference_core.server import Server, create_app

    Server(service, create_app(service), _GRACE).run(sockets=[listener])


def _run_processes(settings: Settings, listener: socket.socket, reload: bool) -> None:
    """Serves in processes that load the models again; exits with 1 when one could not start."""
    import uvicorn
    from uvicorn.supervisors import ChangeReload, Multiprocess

    from inference_core.server import server_options

    threads = max(1, (settings.threads or available_cpus()) // settings.workers)
    os.environ.update(replace(settings, threads=threads).to_environment())  # the only way into uvicorn's children
    config = uvicorn.Config(
        _APPLICATION,
        factory=True,
        workers=settings.workers,
        reload=reload,
        reload_dirs=[str(Path(__file__).parents[1])] if reload else None,
        **server_options(_GRACE),
    )
    if reload:
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()
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
