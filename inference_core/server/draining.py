"""Told to stop, a server is unready first, for as long as load balancers need to see it."""

import signal
import threading
from types import FrameType

from inference_core.server.service import Service


def drain_first(service: Service) -> None:
    """Lets `SATCHEL_DRAIN_S` pass between SIGTERM and what the server around us does about it; a second one ends that.

    For a server that is not ours, as those in uvicorn's processes: it must handle SIGTERM already, and we must be in
    the main thread. Where there is nothing to wait for, or no such handler, all stays as it is.
    """
    stop = signal.getsignal(signal.SIGTERM)
    delay = service.settings.drain_s
    if not delay or not callable(stop) or threading.current_thread() is not threading.main_thread():
        return

    def drain(sig: int, frame: FrameType | None) -> None:
        if service.draining:
            stop(sig, frame)
            return
        service.drain()
        timer = threading.Timer(delay, stop, (sig, frame))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, drain)
