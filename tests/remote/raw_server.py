"""A server on raw sockets that answers each request with whatever bytes, and manners, a test wants."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, "Request"], None]


@dataclass
class Request:
    """A request that has come, whole. `connection` counts the connections, `number` the requests on it, from 1."""

    head: bytes
    body: bytes
    connection: int
    number: int

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    def header(self, name: str) -> str | None:
        found = re.search(rf"(?im)^{re.escape(name)}: (.*?)\r?$".encode(), self.head)
        return None if found is None else found[1].decode()


@dataclass
class RawServer:
    """Where it listens, and what it was asked."""

    port: int
    scheme: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@contextmanager
def raw_server(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Calls `behaviour` for each request, in a thread for each connection; one that it closes ends there."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1], "http" if tls is None else "https")
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):  # of the end
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                opened.append(connection)
                threads.append(threading.Thread(target=converse, args=(connection, server.connections)))
                threads[-1].start()

    def converse(plain: socket.socket, number: int) -> None:
        with suppress(OSError), plain:  # the client may leave as it likes
            connection = plain if tls is None else tls.wrap_socket(plain, server_side=True)
            with connection:
                count = 0
                while (received := _receive(connection)) is not None:
                    count += 1
                    request = Request(*received, number, count)
                    server.requests.append(request)
                    behaviour(connection, request)

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for connection in opened:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """One of HTTP/1.1."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {"Content-Length": len(body), **headers}.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def saying(*answers: bytes) -> Behaviour:
    """Gives these answers in turn, over all connections, and the last one for ever."""
    left = list(answers)

    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return behave


def _receive(connection: socket.socket) -> tuple[bytes, bytes] | None:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    length = int(found[1]) if found else 0
    while len(body) < length:
        chunk = connection.recv(length - len(body))
        if not chunk:
            return None
        body += chunk
    return head, body
