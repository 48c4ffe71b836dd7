"""Told to stop, a server is unready first, for as long as load balancers need to see it."""

import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

from inference_core.server.service import Service


def drain_then(service: Service, stop: Callable[[], object]) -> None:
    """Makes `service` unready, and calls `stop` once `SATCHEL_DRAIN_S` has passed: at once where that is 0, or when it
    was draining already."""
    delay = 0 if service.draining else service.settings.drain_s
    service.drain()
    if not delay:
        stop()
        return
    timer = threading.Timer(delay, stop)
    timer.daemon = True
    timer.start()


def drain_first(service: Service) -> None:
    """Lets `SATCHEL_DRAIN_S` pass between SIGTERM and what the server around us does about it; a second one ends that.

    For a server that is not ours, as those in uvicorn's processes: it must handle SIGTERM already, and we must be in
    the main thread. Where there is nothing to wait for, or no such handler, all stays as it is.
    """
    stop = signal.getsignal(signal.SIGTERM)
    if not service.settings.drain_s or not callable(stop) or threading.current_thread() is not threading.main_thread():
        return

    def drain(sig: int, frame: FrameType | None) -> None:
        drain_then(service, partial(stop, sig, frame))

    signal.signal(signal.SIGTERM, drain)
