"""The HTTP server around the application: uvicorn, as we run it."""

import signal
import socket
import sys
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from inference_core.server.draining import drain_then
from inference_core.server.protocol import BoundedProtocol
from inference_core.server.service import Service


def server_options(grace: int) -> dict[str, Any]:
    """What `uvicorn.Config` is given.

    Args:
        grace: seconds that a stalled client may hold up the end.
    """
    return {
        "log_config": None,  # logs.py has configured it
        "access_log": False,  # the envelope writes those lines
        "loop": "uvloop",
        "http": BoundedProtocol,
        "ws": "none",
        "server_header": False,
        "timeout_graceful_shutdown": grace,
    }


class Server(uvicorn.Server):
    """Serves one application in this process. Told to stop, it is unready at once, and ends when all is answered.

    Args:
        service: behind the application.
        app: the application.
        grace: seconds that a stalled client may hold up the end.
    """

    def __init__(self, service: Service, app: ASGIApp, grace: int) -> None:
        super().__init__(uvicorn.Config(app, **server_options(grace)))
        self._service = service

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves until a signal comes."""
        # uvicorn raises the signal again once the last request is answered: to have stopped when asked is no failure.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        super().run(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Gives load balancers the time that the settings say to see that it is no longer ready. A second signal ends
        the waiting."""
        stop = partial(super().handle_exit, sig, frame)
        if sig == signal.SIGTERM:
            drain_then(self._service, stop)
            return
        self._service.drain()
        stop()
