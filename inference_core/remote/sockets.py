"""Sockets whose calls all end by one time, however slowly the other side takes or gives bytes."""

import select
import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from inference_core.errors import SettingsError, first_line

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class TimedSocket(socket.socket):
    """A connected socket. A call that would go on after `until` raises TimeoutError.

    A socket's own timeout begins anew with each call, and a server that sends a byte now and then keeps within it.
    """

    until = 0.0
    """`time.monotonic()` value."""
    heard = False
    """Whether anything has come since this was last set."""

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        """See `socket.recv_into`."""
        self.settimeout(_left(self.until))
        count = super().recv_into(buffer, nbytes or memoryview(buffer).nbytes, flags)
        self.heard = self.heard or count > 0
        return count

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        """See `socket.send`."""
        self.settimeout(_left(self.until))
        return super().send(data, flags)

    def sendall(self, data: "ReadableBuffer", flags: int = 0) -> None:
        """See `socket.sendall`."""
        self.settimeout(_left(self.until))
        super().sendall(data, flags)

    def is_readable(self) -> bool:
        """Whether something has come, be it the end."""
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(0))


class _TimedTls(TimedSocket, ssl.SSLSocket):
    """The same over TLS, whose `sendall` is made of `send`."""


def connect(host: str, port: int, tls: ssl.SSLContext | None, until: float) -> TimedSocket:
    """A connection to the first of the host's addresses that takes one, the handshake of TLS made.

    Looking the name up takes as long as the system lets it.

    Args:
        host: name or address.
        port: of TCP.
        tls: None for none.
        until: `time.monotonic()` value by which it must stand.

    Raises:
        OSError: there is none; ssl.SSLCertVerificationError where the certificate is not to be trusted.
    """
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        made = TimedSocket(family, kind, protocol)
        if tls is not None:
            # Before it connects: of one that the server has reset meanwhile, `wrap_socket` would lose track.
            made = cast(_TimedTls, tls.wrap_socket(made, server_hostname=host, do_handshake_on_connect=False))
        try:
            made.settimeout(_left(until))
            made.connect(address)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if isinstance(made, _TimedTls):
                made.settimeout(_left(until))
                made.do_handshake()
            return made
        except OSError as error:
            made.close()
            failure = failure or error
    raise failure or OSError(f"{host} has no address")


def _left(until: float) -> float:
    """Seconds for one call.

    Raises:
        TimeoutError: there are none.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def tls_context(authorities: Path | None) -> ssl.SSLContext:
    """Trusts the certificates of `authorities`, a PEM file, or the system's where it is None.

    Raises:
        SettingsError: the file cannot be read, or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            "the authorities for endpoints' certificates cannot be read",
            got=f"{authorities}: {first_line(error)}",
            expected="a PEM file of certificates",
            remedy="correct SATCHEL_REMOTE_CA, or unset it to trust the system's",
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = _TimedTls
    return context
