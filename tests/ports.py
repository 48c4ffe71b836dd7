"""Ports for servers that tests start."""

import socket


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, all different."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def free_port() -> int:
    """One of them."""
    [port] = free_ports(1)
    return port
