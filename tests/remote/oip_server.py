"""A small server of the Open Inference Protocol that can be stopped, started again, and told to misbehave."""

import socket
import ssl
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import orjson

from inference_core.oip.binary import HEADER_LENGTH, join_body, read_tensors, split_body
from inference_core.oip.fields import objects
from inference_core.oip.tensors import Tensor
from tests.ports import free_port
from tests.remote.raw_server import answer

TENSORS = {
    "inputs": [{"name": "images", "datatype": "FP32", "shape": [-1, 3, 8, 8]}],
    "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 3]}],
}
"""Of the tiny classifier."""


class OipServer:
    """The tiny classifier, under the name tiny.

    Args:
        tls: what it shows its certificate with.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tensors: dict[str, Any] = TENSORS
        self.is_ready = True
        self.has_model = True
        self.answers: list[bytes] = []
        """Given to inferences as they are, one after the other; the last one stays."""
        self.hangs = False
        self.takes = 0.0
        """Seconds of an inference."""
        self.inferences = 0
        self.tls = tls
        self.port = free_port()
        self.released = threading.Event()
        self.connections: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens, on the same port each time."""
        self.released.clear()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        """Ends like a process that is killed: with whatever it was doing."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.socket.close()
        self.released.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()
        self._server = None

    def __enter__(self) -> "OipServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, owner: OipServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", owner.port), _Handler)
        if owner.tls is not None:
            self.socket = owner.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may leave, and the server may be killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.owner = self.server.owner
        self.owner.connections.add(self.connection)

    def finish(self) -> None:
        self.owner.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        if self.path == "/v2":
            self._say({"name": "test", "version": "1", "extensions": ["binary_tensor_data"]})
        elif not self.owner.has_model:
            self._say({"error": "Request for unknown model: 'tiny' is not found"}, "404 Not Found")
        elif self.path.endswith("/ready"):
            self.wfile.write(answer(status="200 OK" if self.owner.is_ready else "400 Bad Request"))
        else:
            self._say({"name": "tiny", "platform": "test", **self.owner.tensors})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.owner.inferences += 1
        if self.owner.hangs:
            self.owner.released.wait()
            return
        if self.owner.answers:
            said = self.owner.answers
            self.wfile.write(said.pop(0) if len(said) > 1 else said[0])
            self.close_connection = True
            return
        time.sleep(self.owner.takes)
        document, binary = split_body(body, self.headers[HEADER_LENGTH])
        [images] = read_tensors(objects(document, "inputs"), binary)
        self._give(images.array.astype(np.float32).mean(axis=(2, 3)) * 10)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests need no log of it."""

    def _give(self, logits: Any) -> None:
        content, length = join_body({"model_name": "tiny"}, [(Tensor("logits", "FP32", logits), True)])
        self.wfile.write(answer(content, **{HEADER_LENGTH: str(length)}))

    def _say(self, document: dict[str, Any], status: str = "200 OK") -> None:
        self.wfile.write(answer(orjson.dumps(document), status))
