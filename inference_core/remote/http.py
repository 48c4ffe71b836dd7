"""Calls over HTTP/1.1 to one endpoint: kept connections, one time by which all is done, and answers of bounded size.

This stands on http.client of the standard library. It moves the megabytes of tensors with the least copying of what was
measured (httpx, httpcore, urllib3, requests), and a thin installation needs nothing more.
"""

import contextlib
import http.client
import queue
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from inference_core.errors import first_line
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.credentials import CallHeaders
from inference_core.remote.http_answer import Headers, HttpAnswer, shortened
from inference_core.remote.plan import Plan
from inference_core.remote.sockets import TimedSocket, connect, tls_context

MOST_BYTES = 256 * 2**20
"""Largest body of an answer."""
_LONGEST_IDLE = 60.0
"""Seconds after which a connection is not used again: what stands between may have forgotten it without a word, as
load balancers of clouds do after minutes."""


class HttpSender:
    """Sends to one endpoint. Threads may share it: each call has a connection of its own while it lasts.

    `plan.concurrency` connections are kept for later calls. Redirects are answers like others, and the proxies that
    environment variables name are not used: what is asked is the address that was configured, and nothing else.

    Args:
        plan: credentials, the number of connections, and how long one may take to be made.
        url: of the endpoint; its path stands before those of calls.

    Raises:
        SettingsError: the authorities' certificates cannot be read.
        MissingDependencyError: the credentials need a package that is not there.
    """

    def __init__(self, plan: Plan, url: str) -> None:
        parts = urlsplit(url)
        self._tls = tls_context(plan.credentials.ca) if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (80 if self._tls is None else 443)
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._connect = plan.connect
        self._credentials = CallHeaders(plan.credentials)
        self._kept: queue.LifoQueue[tuple[float, http.client.HTTPConnection]] = queue.LifoQueue(plan.concurrency)
        self._is_closed = False

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Sequence[bytes | memoryview] = (),
        headers: Mapping[str, str] | None = None,
        timeout: float,
    ) -> HttpAnswer:
        """The answer to one request, whatever its status.

        A kept connection that the server has closed meanwhile is no failure: the request goes out once more, on a new
        one.

        Args:
            method: of HTTP.
            path: below the endpoint's, with or without a slash before it.
            body: its parts, in order, which are not joined.
            headers: besides the credentials'.
            timeout: seconds for all of it.

        Raises:
            CallError: there is no answer.
        """
        if timeout <= 0:
            raise CallError(Failure.TIMEOUT, "no time was left to ask")
        until = time.monotonic() + timeout
        sent = {"Host": self._authority, **self._credentials.current(), **(headers or {})}
        if body:
            sent["Content-Length"] = str(sum(memoryview(part).nbytes for part in body))
        request = _Request(method, f"{self._prefix}/{path.removeprefix('/')}", body, sent)
        connection = self._reusable()
        if connection is not None:
            with contextlib.suppress(_StaleError):
                return self._ask(connection, request, until, is_kept=True)
        return self._ask(self._new(until), request, until, is_kept=False)

    def close(self) -> None:
        """Ends the connections that are kept; those in use end with their calls."""
        self._is_closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                self._kept.get_nowait()[1].close()

    def _reusable(self) -> http.client.HTTPConnection | None:
        with contextlib.suppress(queue.Empty):
            while True:
                since, connection = self._kept.get_nowait()
                if time.monotonic() - since < _LONGEST_IDLE and not _socket(connection).is_readable():
                    return connection
                connection.close()
        return None

    def _new(self, until: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._host, self._port)
        try:
            within = min(until, time.monotonic() + self._connect)
            connection.sock = connect(self._host, self._port, self._tls, within)
        except ssl.SSLCertVerificationError as error:
            raise CallError(Failure.UNTRUSTED, shortened(error.verify_message or first_line(error))) from error
        except (OSError, UnicodeError) as error:  # the second where the host's name is none
            raise CallError(Failure.UNREACHABLE, shortened(first_line(error))) from error
        return connection

    def _ask(
        self, connection: http.client.HTTPConnection, request: "_Request", until: float, *, is_kept: bool
    ) -> HttpAnswer:
        line = _socket(connection)
        line.until, line.heard = until, False
        try:
            answer = _exchange(connection, request)
        except TimeoutError as error:
            connection.close()
            raise CallError(Failure.TIMEOUT, "no whole answer came in time") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if is_kept and not line.heard:
                raise _StaleError from error
            raise CallError(_kind(error), shortened(first_line(error))) from error
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is None:  # the server wants it closed, and http.client has
            return
        try:
            self._kept.put_nowait((time.monotonic(), connection))
        except queue.Full:
            connection.close()
        if self._is_closed:
            self.close()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: Sequence[bytes | memoryview]
    headers: Mapping[str, str]


class _StaleError(Exception):
    """A kept connection had ended before the request reached anyone."""


def _socket(connection: http.client.HTTPConnection) -> TimedSocket:
    return cast(TimedSocket, connection.sock)


def _exchange(connection: http.client.HTTPConnection, request: _Request) -> HttpAnswer:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer, and close, before it has read all
        connection.request(request.method, request.path, request.body or None, request.headers)
    with connection.getresponse() as response:
        return HttpAnswer(response.status, Headers(response.getheaders()), _content(response))


def _content(response: http.client.HTTPResponse) -> bytes:
    if response.length is not None and response.length <= MOST_BYTES:
        return response.read()
    content = b"" if response.length is not None else response.read(MOST_BYTES + 1)
    if response.length is not None or len(content) > MOST_BYTES:
        raise _TooLargeError(f"the answer has more than {MOST_BYTES} bytes")
    return content


class _TooLargeError(http.client.HTTPException):
    """Nothing that is asked for is as large."""


def _kind(error: Exception) -> Failure:
    """What has ended early is broken; what can be read otherwise than HTTP is garbage."""
    is_cut = isinstance(error, OSError | http.client.IncompleteRead)
    return Failure.BROKEN if is_cut else Failure.GARBAGE
