"""What a request costs: each stage of the pipeline, and HTTP around it, on the same pictures in one run."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.timing import spread, take_turns
from inference_core import LocalPredictor, open_bundle
from inference_core.tasks import Result

_START_WITHIN = 30.0


def measure(path: Path, pictures: list[Path], rounds: int) -> None:
    """Prints a table for the bundle at `path`."""
    with open_bundle(path) as bundle, LocalPredictor.load(bundle) as predictor, _server(path) as port:
        predictor.warm_up()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        threads = predictor.describe().threads
        print(f"\n{bundle.manifest.name}, {threads} threads, milliseconds: median (p10 to p90)")
        for picture in pictures:
            data = picture.read_bytes()
            stages: dict[str, list[float]] = {name: [] for name in ("decode", "preprocess", "infer", "postprocess")}

            def inside(data: bytes = data, stages: dict[str, list[float]] = stages) -> None:
                outcome = predictor.predict([data])[0]
                assert isinstance(outcome, Result), outcome
                for name, times in stages.items():
                    times.append(getattr(outcome.timings_ms, name))

            def over_http(data: bytes = data) -> None:
                connection.request("POST", f"/models/{bundle.manifest.name}/predict", data)
                response = connection.getresponse()
                assert response.status == 200, response.read()
                response.read()

            turns = take_turns({"predict": inside, "HTTP": over_http}, rounds)
            print(f"  {picture.name}, {len(data) // 1000} kB")
            for name, times in stages.items():
                print(f"    {name:12} {spread(times)}")
            print(f"    {'in process':12} {turns['predict']}")
            print(f"    {'over HTTP':12} {turns['HTTP']}   +{turns['HTTP'].median - turns['predict'].median:.2f}")


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
