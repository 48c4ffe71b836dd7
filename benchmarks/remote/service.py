"""Triton on exported bundles: its Python backend with onnxruntime, which is what NVIDIA's wheel has."""

import http.client
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.serving.candidates import triton_launch, triton_site
from benchmarks.serving.ground import Ground
from benchmarks.serving.server import Candidate, Launch, Predictions, free_port, running
from inference_core.bundle import open_bundle
from inference_core.export.choice import Backend, Choice, Server
from inference_core.export.exporting import export_bundle

_WITHIN = 60.0
_CODE = Path(__file__).parents[2]


class Service(NamedTuple):
    """Where it listens: host and port."""

    http: str
    grpc: str


@contextmanager
def triton(ground: Ground, bundles: Sequence[Path]) -> Iterator[Service]:
    """Ready to be asked for each bundle's tensors."""
    repository = _exported(ground, bundles)
    grpc_port = free_port()
    environment = {"PYTHONPATH": f"{triton_site(ground)}:{_CODE}"}

    def launch(port: int) -> Launch:
        ports = ("--http-port", str(port), "--grpc-address", "127.0.0.1", "--grpc-port", str(grpc_port))
        return triton_launch(ground, repository, environment, *ports)

    with running(Candidate("Triton for remote mode", "", launch, "", _unread), ground.folder / "logs") as started:
        _wait(started.port)
        yield Service(f"127.0.0.1:{started.port}", f"127.0.0.1:{grpc_port}")


def _exported(ground: Ground, bundles: Sequence[Path]) -> Path:
    repository = ground.folder / "triton"
    shutil.rmtree(repository, ignore_errors=True)
    for path in bundles:
        with open_bundle(path) as bundle:
            choice = Choice.of(bundle, Server.TRITON, engine="onnxruntime", backend=Backend.PYTHON)
            export_bundle(choice, repository)
    return repository


def _unread(_: bytes) -> Predictions:
    raise NotImplementedError("this service answers with tensors")


def _wait(port: int) -> None:
    limit = time.monotonic() + _WITHIN
    while not _is_ready(port):
        if time.monotonic() > limit:
            raise TimeoutError(f"Triton was not ready within {_WITHIN:g} s")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
