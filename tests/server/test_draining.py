"""Unready first: what a server that is not ours does about SIGTERM is put off."""

import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest

from inference_core.server import Service
from inference_core.server.draining import drain_first
from inference_core.settings import Settings

WAIT = 10


@pytest.fixture
def stopped() -> Iterator[threading.Event]:
    """Is set by the handler of the server around us."""
    event = threading.Event()

    def stop(_: int, __: FrameType | None) -> None:
        event.set()

    before = signal.signal(signal.SIGTERM, stop)
    yield event
    signal.signal(signal.SIGTERM, before)


def test_the_service_is_unready_at_once_and_the_server_stops_later(stopped: threading.Event) -> None:
    service = Service(Settings(drain_s=1))
    drain_first(service)
    signal.raise_signal(signal.SIGTERM)
    assert (service.draining, stopped.is_set()) == (True, False)
    assert stopped.wait(WAIT)


def test_a_second_signal_ends_the_wait(stopped: threading.Event) -> None:
    drain_first(Service(Settings(drain_s=3600)))
    signal.raise_signal(signal.SIGTERM)
    assert not stopped.is_set()
    signal.raise_signal(signal.SIGTERM)
    assert stopped.is_set()


def test_without_a_wait_the_server_stops_at_once(stopped: threading.Event) -> None:
    drain_first(Service(Settings()))
    signal.raise_signal(signal.SIGTERM)
    assert stopped.is_set()


@pytest.mark.usefixtures("stopped")
def test_where_nobody_handles_the_signal_it_stays_so() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    drain_first(Service(Settings(drain_s=1)))
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_thread_of_somebody_elses_changes_nothing(stopped: threading.Event) -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=drain_first, args=[Service(Settings(drain_s=1))])
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert not stopped.is_set()
