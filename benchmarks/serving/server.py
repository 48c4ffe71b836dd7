"""A server in processes of its own: started, asked, counted and ended."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.serving.pictures import Picture
from inference_core.bench.load import HttpTarget, request_bytes

_START_WITHIN = 90.0
_END_WITHIN = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")

Predictions = list[dict[str, Any]]


class Launch(NamedTuple):
    """A command, and what it needs around it."""

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = {}


def _as_it_is(picture: bytes) -> tuple[bytes, dict[str, str]]:
    return picture, {"Content-Type": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that could be started, and how to ask it about a picture."""

    name: str
    layout: str
    """Its processes and threads, in words."""
    launch: Callable[[int], Launch]
    """For a port."""
    route: str
    """Of a model: `/predict/{}`."""
    read: Callable[[bytes], Predictions]
    """The predictions in its answer."""
    wrap: Callable[[bytes], tuple[bytes, dict[str, str]]] = _as_it_is
    """A picture's file as body and headers."""


class Server:
    """One that runs."""

    def __init__(self, candidate: Candidate, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.candidate = candidate
        self.name = candidate.name
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self._process = process
        self._log = log

    def target(self, model: str, pictures: Sequence[Picture]) -> HttpTarget:
        """Asks `model` about `pictures` in turn."""
        url = self.url + self.candidate.route.format(model)
        wrapped = [self.candidate.wrap(picture.data) for picture in pictures]
        return HttpTarget(self.url, [request_bytes(url, body, headers=headers) for body, headers in wrapped])

    def ask(self, model: str, picture: Picture) -> Predictions:
        """What `model` says of one picture."""
        body, headers = self.candidate.wrap(picture.data)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_WITHIN)
        try:
            connection.request("POST", self.candidate.route.format(model), body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ConnectionError(f"{self.name} answers {response.status}: {content[:300]!r}")
        return self.candidate.read(content)

    def wait(self, models: Sequence[str], picture: Picture) -> None:
        """Until every model has answered once."""
        limit = time.monotonic() + _START_WITHIN
        for model in models:
            while True:
                try:
                    self.ask(model, picture)
                    break
                except (OSError, http.client.HTTPException) as error:
                    if self._process.poll() is not None or time.monotonic() > limit:
                        raise RuntimeError(f"{self.name} does not answer: see {self._log}") from error
                    time.sleep(0.1)

    def cpu(self) -> float:
        """Seconds of CPU that its processes have used."""
        return sum(int(user) + int(system) for _, user, system in _session(self._process.pid)) / _TICKS

    def processes(self) -> list[int]:
        """Those that it consists of."""
        return [int(pid) for pid, _, _ in _session(self._process.pid)]

    def stop(self) -> None:
        """Asks it to end, and ends what is left of it."""
        self._process.terminate()
        try:
            self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid, _, _ in _session(self._process.pid):
            os.kill(int(pid), signal.SIGKILL)


@contextmanager
def running(candidate: Candidate, logs: Path) -> Iterator[Server]:
    """The server, perhaps not ready yet; its output goes to a file in `logs`."""
    port = free_port()
    launch = candidate.launch(port)
    log = logs / f"{candidate.name.lower().replace(' ', '_')}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(launch.command),
            cwd=launch.directory,
            env=os.environ | dict(launch.environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(candidate, port, process, log)
        try:
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """One that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _session(leader: int) -> Iterator[tuple[str, str, str]]:
    """Process, user ticks and system ticks of each process that `leader` started or is."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            yield path.parent.name, fields[11], fields[12]
