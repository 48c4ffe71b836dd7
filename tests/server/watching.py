"""What a running server says of itself, watched until it comes true."""

import time
from collections.abc import Callable

from tests.server.process import WITHIN, Server
from tests.server.test_exposition import Samples, labels, samples

PREDICT_ROUTE = "/models/{name}/predict"


def becomes(condition: Callable[[], bool]) -> None:
    """Waits until it holds."""
    limit = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.02)


def told(server: Server) -> Samples:
    """Its metrics."""
    return samples(server.ask("GET", "/metrics")[1].decode())


def answered(server: Server, status: int) -> float:
    """Predictions that it counted under a status; 499 stands for clients that did not wait for their answers."""
    key = labels("satchel_http_requests_total", method="POST", route=PREDICT_ROUTE, status=str(status))
    return told(server).get(key, 0)


def waiting(server: Server, model: str) -> float:
    """Pictures of a model that run or wait."""
    return told(server)[labels("satchel_waiting", model=model)]
