"""`satchel serve`."""

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference_core.bundle import open_bundle
from inference_core.cli.console import command, stderr
from inference_core.cli.tryout import read_picture, try_out
from inference_core.cpu import available_cpus
from inference_core.dependencies import require
from inference_core.repository import find_bundles
from inference_core.settings import Settings

if TYPE_CHECKING:
    import uvicorn


@command
def serve(
    models: Annotated[Path | None, typer.Argument(help="A bundle, or a directory of bundles. [SATCHEL_MODELS]")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. [SATCHEL_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. [SATCHEL_PORT]")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes; they share the CPU threads.")] = 1,
    try_image: Annotated[Path | None, typer.Option("--try", help="Picture to ask about once ready.")] = None,
) -> None:
    """Serve bundles over HTTP: POST /models/NAME/predict, and /docs to try it in a browser.

    Everything else is set by SATCHEL_* variables; `satchel settings` lists them.

        satchel serve models --try card.png
    """
    for package in ("fastapi", "uvicorn", "uvloop", "httptools", "python_multipart"):
        require(package, extra="serve", purpose="satchel serve")
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    chosen: dict[str, Any] = {"models": models, "host": host, "port": port}
    settings = replace(
        Settings.from_environment(os.environ), **{key: value for key, value in chosen.items() if value is not None}
    )
    picture = None if try_image is None else read_picture(try_image)
    config = _configure(settings, workers)
    listener = config.bind_socket()
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    stderr().print(f"serving {settings.models} on {address}")
    if picture is not None:
        threading.Thread(target=try_out, args=(address, picture), daemon=True).start()
    server = uvicorn.Server(config)
    if workers == 1:
        server.run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()


def _configure(settings: Settings, workers: int) -> "uvicorn.Config":
    """What uvicorn is to run. With one process the models are loaded here, so that a bad bundle ends the command."""
    import uvicorn

    from inference_core.server import Service, create_app

    common: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_level": "warning",
        "loop": "uvloop",
        "http": "httptools",
        "server_header": False,
    }
    if workers == 1:
        service = Service(settings)
        asyncio.run(service.start())
        return uvicorn.Config(create_app(service), **common)
    for path in find_bundles(settings.models):
        open_bundle(path).close()
    threads = max(1, (settings.threads or available_cpus()) // workers)
    os.environ.update(replace(settings, threads=threads).to_environment())  # the only way into uvicorn's children
    return uvicorn.Config("inference_core.server:app_from_environment", factory=True, workers=workers, **common)
