"""What a request costs: each stage of the pipeline, and HTTP around it."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.timing import spread

_START_WITHIN = 30.0
_WARM_UP = 5


def measure(path: Path, pictures: list[Path], rounds: int) -> None:
    """Prints a table for the bundle at `path`, served by a process of its own; the pictures take turns."""
    with _server(path) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        [model] = _ask(connection, "GET", "/models")["models"]
        samples: dict[Path, dict[str, list[float]]] = {picture: {} for picture in pictures}
        for turn in range(_WARM_UP + rounds):
            for picture, times in samples.items():
                found = _timed(connection, f"/models/{model['name']}/predict", picture.read_bytes())
                if turn >= _WARM_UP:
                    for stage, ms in found.items():
                        times.setdefault(stage, []).append(ms)
    print(f"\n{model['name']} over HTTP, one client, milliseconds: median (p10 to p90)")
    for picture, times in samples.items():
        print(f"  {picture.name}, {picture.stat().st_size // 1000} kB")
        for stage, values in times.items():
            print(f"    {stage:12} {spread(values)}")


def _timed(connection: http.client.HTTPConnection, path: str, body: bytes) -> dict[str, float]:
    """The stages the answer tells of, the round trip, and what HTTP and queueing took of it."""
    began = time.perf_counter()
    stages: dict[str, float] = _ask(connection, "POST", path, body)["timings_ms"]
    trip = (time.perf_counter() - began) * 1e3
    return {**stages, "round trip": trip, "HTTP's share": trip - sum(stages.values())}


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
    connection.request(method, path, body)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    answer: dict[str, Any] = json.loads(content)
    return answer


@contextmanager
def _server(path: Path) -> Iterator[int]:
    """`satchel serve` on a free port, ready to answer."""
    command = [sys.executable, "-m", "inference_core", "serve", str(path), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            port = int(line.rpartition(":")[2])
            _wait(port)
            yield port
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server did not become ready")
