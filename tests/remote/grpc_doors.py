"""Servers of gRPC for tests: one that answers what it is told to, Satchel's own, and ones that are none."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from inference_core.remote.plan import Credentials, Plan
from inference_core.server import Service
from inference_core.server.grpc import GrpcDoor
from inference_core.server.security import KeyRing
from inference_core.settings import Settings

Answer = Callable[[bytes, Any], bytes]
"""From a request, and the context of its call."""


def plan(**fields: Any) -> Plan:
    given: dict[str, Any] = {"urls": (), "protocol": "oip-grpc", "split": "tensors", "model": "m", "version": None}
    given |= {"signature": "serving_default", "concurrency": 4, "connect": 1.0, "read": 10.0, "retries": 0}
    return Plan(**given | {"credentials": Credentials()} | fields)


@contextmanager
def answering(methods: Mapping[str, Answer], *, port: int = 0, tls: tuple[bytes, bytes] | None = None) -> Iterator[int]:
    """The port of a server with these methods, each by `service/method`; with TLS by a key and a certificate."""

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc,unused-ignore]
        def service(self, details: Any) -> Any:
            answer = methods.get(details.method[1:])
            return answer and grpc.unary_unary_rpc_method_handler(answer)

    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(8), handlers=[Handler()], options=options)
    address = f"127.0.0.1:{port}"
    if tls is None:
        bound = server.add_insecure_port(address)
    else:
        bound = server.add_secure_port(address, grpc.ssl_server_credentials([tls]))
    server.start()
    try:
        yield bound
    finally:
        server.stop(0).wait()


def refusing(code: str, said: str) -> Answer:
    def answer(_: bytes, context: Any) -> bytes:
        context.abort(grpc.StatusCode[code], said)
        raise AssertionError("abort raises")

    return answer


@contextmanager
def satchel(models: Path, keys: KeyRing | None = None, **settings: Any) -> Iterator[int]:
    """The port of a Satchel's door, which runs on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    service = Service(Settings(models=models, **settings))
    door = GrpcDoor(service, keys)
    run(service.start())
    try:
        yield run(door.start("127.0.0.1", 0))
    finally:
        run(door.stop(0))
        run(service.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def speaking(answer: bytes) -> Iterator[int]:
    """A server that says this to whoever connects, and nothing else."""
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            kept.append(connection)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for connection in kept:
        connection.close()


@contextmanager
def relayed(port: int) -> Iterator[tuple[int, Any]]:
    """A port before another, for one connection, and what cuts it."""
    ends: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return

    def cut() -> None:
        for end in ends:
            end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        ends.extend([listener.accept()[0], socket.create_connection(("127.0.0.1", port))])
        threads.extend(threading.Thread(target=pump, args=pair) for pair in (ends, ends[::-1]))
        for thread in threads[1:]:
            thread.start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=serve)]
        threads[0].start()
        yield listener.getsockname()[1], cut
    for thread in threads:
        thread.join()
    for end in ends:
        end.close()
