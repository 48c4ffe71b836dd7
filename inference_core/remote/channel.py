"""Calls over gRPC to one endpoint: one channel that connects again by itself, and what its errors mean."""

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from inference_core.dependencies import require
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.credentials import CallHeaders
from inference_core.remote.http_answer import shortened
from inference_core.remote.plan import Plan
from inference_core.remote.sockets import tls_context

if TYPE_CHECKING:
    from google.protobuf.message import Message

MOST_BYTES = 256 * 2**20
"""Largest answer."""
_FIRST_PAUSE_MS = 100
_LONGEST_PAUSE_MS = 1000
_PING_MS = 60_000
"""Servers take pings for an attack where they come in less than five minutes, and three times without data between."""
_PONG_MS = 10_000

_KINDS = {
    "UNAVAILABLE": Failure.NOT_READY,
    "RESOURCE_EXHAUSTED": Failure.BUSY,
    "DEADLINE_EXCEEDED": Failure.TIMEOUT,
    "UNAUTHENTICATED": Failure.DENIED,
    "PERMISSION_DENIED": Failure.DENIED,
    "CANCELLED": Failure.BROKEN,
    "INTERNAL": Failure.FAULT,
    "UNKNOWN": Failure.FAULT,
    "DATA_LOSS": Failure.FAULT,
}
"""By the name of the code; any other means that it refuses."""
_WORDS = (
    (re.compile("CERTIFICATE_VERIFY_FAILED|Hostname Verification Check failed|certificate verify failed"), "UNTRUSTED"),
    (re.compile("failed to connect|errors? resolving|DNS resolution failed"), "UNREACHABLE"),
    (re.compile("Stream removed|Socket closed|recvmsg|GOAWAY|Connection reset|Broken pipe|RST_STREAM"), "BROKEN"),
)
"""What gRPC itself says of a connection under the codes that a server has too, in order."""
_TOO_LARGE = "larger than max"


class Channel:
    """Calls one endpoint. Threads may share it.

    Args:
        plan: credentials, and how long a connection may take to be made.
        url: `grpc://host:port`, or `grpcs://` with TLS.

    Raises:
        MissingDependencyError: gRPC, or what the credentials need, is not installed.
        SettingsError: the authorities' certificates cannot be read.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        require("grpc", extra="grpc", purpose=f"calling {url}")
        import grpc

        parts = urlsplit(url)
        self._credentials = CallHeaders(plan.credentials)
        self._error: type[Exception] = grpc.RpcError
        options = _options(plan.connect)
        if parts.scheme == "grpcs":
            trusted = grpc.ssl_channel_credentials(_authorities(plan.credentials.ca))
            self._channel = grpc.secure_channel(parts.netloc, trusted, options)
        else:
            self._channel = grpc.insecure_channel(parts.netloc, options)

    def call(self, method: str, request: "Message", answer: "type[Message]", timeout: float) -> Any:  # noqa: ANN401
        """The answer to one request.

        Args:
            method: the service and its method, with a slash between.
            request: what is sent.
            answer: what comes back.
            timeout: seconds for all of it.

        Raises:
            CallError: there is none, or what came back is no such message.
        """
        from google.protobuf.message import DecodeError

        if timeout <= 0:  # which gRPC may not notice before the answer is there
            raise CallError(Failure.TIMEOUT, "no time was left to ask")
        metadata = [(name.lower(), value) for name, value in self._credentials.current().items()]
        try:
            content = self._channel.unary_unary(f"/{method}")(
                request.SerializeToString(), timeout=timeout, metadata=metadata
            )
        except self._error as error:
            raise _translated(error) from error
        try:
            return answer.FromString(content)
        except DecodeError as error:
            raise CallError(Failure.GARBAGE, f"the answer of {method} is no {answer.DESCRIPTOR.name}") from error

    def close(self) -> None:
        """Ends the connection, and the calls on it."""
        self._channel.close()


def _options(connect: float) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", MOST_BYTES),
        ("grpc.max_send_message_length", -1),
        ("grpc.min_reconnect_backoff_ms", round(connect * 1e3)),  # how long one attempt to connect may take
        ("grpc.initial_reconnect_backoff_ms", _FIRST_PAUSE_MS),
        ("grpc.max_reconnect_backoff_ms", _LONGEST_PAUSE_MS),  # no call gets through before, though all be well again
        ("grpc.use_local_subchannel_pool", 1),  # else channels of several models would share a connection, and pauses
        ("grpc.keepalive_time_ms", _PING_MS),
        ("grpc.keepalive_timeout_ms", _PONG_MS),  # as long unacknowledged, a connection counts as dead
        ("grpc.enable_http_proxy", 0),
    ]


def _authorities(file: Path | None) -> bytes:
    """The certificates to trust, PEM: those of the file, else the system's, where gRPC would take its own list."""
    context = tls_context(file)
    if file is not None:
        return file.read_bytes()
    return "".join(map(ssl.DER_cert_to_PEM_cert, context.get_ca_certs(binary_form=True))).encode()


def _translated(error: Any) -> CallError:  # noqa: ANN401
    code, details = error.code().name, error.details() or ""
    said = "; ".join(line.strip() for line in details.strip().splitlines()) or code
    return CallError(_kind(code, details), shortened(said))


def _kind(code: str, details: str) -> Failure:
    if code == "RESOURCE_EXHAUSTED" and _TOO_LARGE in details:
        return Failure.REFUSED
    if code in ("UNAVAILABLE", "INTERNAL"):
        for words, kind in _WORDS:
            if words.search(details):
                return Failure[kind]
    return _KINDS.get(code, Failure.REFUSED)
