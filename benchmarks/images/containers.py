"""Containers that are started, asked and ended, against the clock."""

import datetime
import http.client
import itertools
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from benchmarks.images import client
from benchmarks.serving.server import free_port

FLAGS = ("--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", "--memory", "1g")  # noqa: S108 - the container's own
"""As containers are to run in earnest."""
SAMPLE = Path(__file__).parents[2] / "models" / "samples" / "booking.png"
PREDICT = "/models/card_elements/predict"

_POLL = 0.005
_WITHIN = 60.0
_WARM = 30
_names = (f"satchel-bench-{os.getpid()}-{number}" for number in itertools.count())


class Start(NamedTuple):
    """One start of one image; times in milliseconds."""

    ready: float
    first: float
    """First prediction."""
    inside: float
    """The same, counted from when the engine starts the process: what Satchel itself takes."""
    warm: float
    """Median of the predictions after the first."""
    resident: float
    """Bytes in memory after these, of all processes."""


class Container:
    """One that was told to run; `port` is where its server will listen."""

    def __init__(self, image: str, settings: Mapping[str, str], log: IO[bytes]) -> None:
        self.image = image
        self.port = free_port()
        self.name = next(_names)
        given = [f"--env={name}={value}" for name, value in {"SATCHEL_PORT": str(self.port), **settings}.items()]
        # The host's network: a forwarded port answers before the server does, and costs time of its own.
        arguments = ("run", "--name", self.name, "--network=host", *FLAGS, *given, image)
        self._log = log
        self.began = time.perf_counter()
        self.began_at = time.time()
        self._client = subprocess.Popen(client.command(*arguments), stdout=log, stderr=log)

    def wait(self) -> float:
        """Until it is ready; the milliseconds since it was told to run."""
        while self._status() != 200:
            ended = self._client.poll() is not None
            if ended or time.perf_counter() - self.began > _WITHIN:
                self._log.seek(0)
                said = self._log.read().decode(errors="replace")[-2000:]
                state = "ended" if ended else f"was not ready within {_WITHIN:g} s"
                raise SystemExit(f"{self.image} {state}: {said}")
            time.sleep(_POLL)
        return (time.perf_counter() - self.began) * 1e3

    def _status(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_WITHIN)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def started_at(self) -> float:
        """When the engine started its process, in seconds since 1970, by the engine's clock."""
        return read_time(client.ask("inspect", "--format", "{{.State.StartedAt}}", self.name))

    def remove(self) -> None:
        """Ends it and takes it away, if it was made at all."""
        subprocess.run(client.command("rm", "--force", "--volumes", self.name), capture_output=True, check=False)
        self._client.wait(_WITHIN)


@contextmanager
def running(image: str, settings: Mapping[str, str]) -> Iterator[Container]:
    """A container that was just told to run, and is gone afterwards."""
    with tempfile.TemporaryFile() as log:
        container = Container(image, settings, log)
        try:
            yield container
        finally:
            container.remove()


def start(image: str, settings: Mapping[str, str]) -> Start:
    """Runs an image up to its first prediction and some more."""
    with running(image, settings) as container:
        ready = container.wait()
        connection = http.client.HTTPConnection("127.0.0.1", container.port, timeout=_WITHIN)
        picture = SAMPLE.read_bytes()
        _predict(connection, picture)
        first = (time.perf_counter() - container.began) * 1e3
        before = (container.started_at() - container.began_at) * 1e3
        warm = statistics.median(_predict(connection, picture) for _ in range(_WARM))
        resident = sum(size for size, _ in client.processes(container.name))
        connection.close()
    return Start(ready, first, first - before, warm, resident)


def _predict(connection: http.client.HTTPConnection, picture: bytes) -> float:
    began = time.perf_counter()
    connection.request("POST", PREDICT, picture, {"Content-Type": "image/png"})
    response = connection.getresponse()
    content = response.read()
    taken = (time.perf_counter() - began) * 1e3
    if response.status != 200:
        raise SystemExit(f"{PREDICT} answers {response.status}: {content[:300]!r}")
    return taken


def floor(image: str) -> float:
    """Milliseconds until the image's Python has printed a line: what a container costs, whatever runs in it."""
    arguments = ("run", "--rm", "--network=host", *FLAGS, image, "python3", "-c", "print()")
    began = time.perf_counter()
    with subprocess.Popen(client.command(*arguments), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        taken = (time.perf_counter() - began) * 1e3
    if process.returncode or not said:
        raise SystemExit(f"{image} does not run python3")
    return taken


def read_time(text: str) -> float:
    """Docker's time, which has nanoseconds, where Python reads up to six digits."""
    cut = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    return datetime.datetime.fromisoformat(cut).timestamp()
