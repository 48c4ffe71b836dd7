"""The real servers, each in processes of its own, started as its documentation has it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.assets import ROOT
from tests.ports import free_ports

_WITHIN = 120.0
_END_WITHIN = 15.0


class Address(NamedTuple):
    """Where a server listens, as URLs by the first part of a protocol's transport."""

    http: str
    grpc: str

    def url(self, protocol: str) -> str:
        """For `oip-http`, `tfs-grpc`, ..."""
        return self.grpc if protocol.endswith("grpc") else self.http


@contextmanager
def triton(peers: Path, repository: Path, logs: Path) -> Iterator[Address]:
    """Triton from NVIDIA's wheel, whose only backend is the Python one: its models get numpy, onnxruntime, Satchel."""
    wheel = peers / "triton" / "server"
    server = wheel / "pytriton" / "tritonserver"
    http_port, grpc_port = free_ports(2)
    site = peers / "triton" / "lib" / "python3.11" / "site-packages"
    environment = {
        "LD_LIBRARY_PATH": f"{_libraries(peers / 'triton' / 'bin' / 'python')}:{wheel / 'nvidia_pytriton.libs'}",
        "PYTHONPATH": f"{site}:{ROOT}",
    }
    command = [str(server / "bin" / "tritonserver"), "--model-repository", str(repository)]
    command += ["--backend-directory", str(server / "backends"), "--allow-metrics=0"]
    command += ["--http-address", "127.0.0.1", "--http-port", str(http_port)]
    command += ["--grpc-address", "127.0.0.1", "--grpc-port", str(grpc_port)]
    with _running(command, environment, logs / "triton.log") as process:
        _wait(process, http_port, "/v2/health/ready", logs / "triton.log")
        yield _address(http_port, grpc_port)


@contextmanager
def mlserver(peers: Path, folder: Path, logs: Path) -> Iterator[Address]:
    """MLServer on an exported folder, whose settings it gets ports in addition to."""
    http_port, grpc_port = free_ports(2)
    environment = {
        "PYTHONPATH": str(ROOT),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(http_port),
        "MLSERVER_GRPC_PORT": str(grpc_port),
        "MLSERVER_METRICS_ENDPOINT": "",
    }
    command = [str(peers / "mlserver" / "bin" / "mlserver"), "start", str(folder)]
    with _running(command, environment, logs / "mlserver.log", folder=logs) as process:
        _wait(process, http_port, "/v2/health/ready", logs / "mlserver.log")
        yield _address(http_port, grpc_port)


@contextmanager
def satchel(models: Path, logs: Path) -> Iterator[Address]:
    """Another Satchel, on its engine onnxruntime."""
    http_port, grpc_port = free_ports(2)
    command = [sys.executable, "-m", "inference_core", "serve", str(models), "--port", str(http_port)]
    environment = {"SATCHEL_GRPC_PORT": str(grpc_port), "SATCHEL_ENGINE": "onnxruntime"}
    with _running(command, environment, logs / "satchel.log") as process:
        _wait(process, http_port, "/v2/health/ready", logs / "satchel.log")
        yield _address(http_port, grpc_port)


@contextmanager
def tensorflow(python: str, name: str, versions: Path, logs: Path) -> Iterator[Address]:
    """The stand-in for TensorFlow Serving, with a real SavedModel in a real TensorFlow."""
    log = logs / f"tfs-{name}.log"
    command = [python, str(ROOT / "tests" / "remote" / "tfs_server.py"), name, str(versions)]
    environment = {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with _running(command, environment, log, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        ports = json.loads(line)
        yield _address(ports["rest"], ports["grpc"])


def _libraries(python: Path) -> str:
    """Where the shared library of that interpreter lies, which Triton's stub is linked to."""
    code = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _address(http_port: int, grpc_port: int) -> Address:
    return Address(f"http://127.0.0.1:{http_port}", f"grpc://127.0.0.1:{grpc_port}")


@contextmanager
def _running(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    folder: Path = ROOT,
    stdout: int | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """The process and those it starts: all end with the block. Its stdin ends with this process."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | dict(environment),
            stdin=subprocess.PIPE,
            stdout=output if stdout is None else stdout,
            stderr=output,
            start_new_session=True,
            text=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=_END_WITHIN)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[str], port: int, path: str, log: Path) -> None:
    """Until the server says that it is ready."""
    limit = time.monotonic() + _WITHIN
    while process.poll() is None and time.monotonic() < limit:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text()[-3000:]}")
