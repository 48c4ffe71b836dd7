"""A real `satchel serve` in a process of its own, and a socket to speak to it byte by byte."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

COMMAND = [sys.executable, "-m", "inference_core", "serve"]
WITHIN = 60.0


class Server:
    """A running server. `output` holds what it has written on stdout so far."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self.output: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        return orjson.loads(self.ask("GET", path)[1])

    def wait_ready(self) -> None:
        limit = time.monotonic() + WITHIN
        while True:
            try:
                assert self.ask("GET", "/health/ready")[0] == 200
                return
            except ConnectionRefusedError:  # it says where before it listens there
                assert time.monotonic() < limit
                time.sleep(0.01)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=WITHIN)

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, stdout and the rest of stderr, once it has ended."""
        self.process.send_signal(sign)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        code = self.process.wait(WITHIN)
        self.reader.join()
        assert self.process.stderr is not None
        return code, "".join(self.output), self.process.stderr.read()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)


@contextmanager
def serving(models: Path, *options: str, **settings: str) -> Iterator[Server]:
    """A server on a free port, from the moment it is ready."""
    command = [*COMMAND, str(models), "--port", "0", *options]
    environment = os.environ | {f"SATCHEL_{name.upper()}": value for name, value in settings.items()}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.fullmatch(rf"serving {re.escape(str(models))} on http://127\.0\.0\.1:(\d+)\n", line)
        assert found, line + process.stderr.read()
        server = Server(process, int(found[1]))
        try:
            server.wait_ready()
            yield server
        finally:
            process.kill()
            process.wait()
            server.reader.join()


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received
