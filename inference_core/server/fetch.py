"""Pictures by URL: fetched from listed hosts alone, and never from inside the network by way of a name.

The name is looked up once, every address it has is checked, and the connection goes to one of those: a name that means
something else a moment later (DNS rebinding) changes nothing. Redirects follow the same rules from the start. Proxies
and credentials of the environment are not used. Streams and httptools do it, which serving has anyway: the usual
clients look names up themselves, and have to be bent to connect to a given address.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from inference_core.errors import BadGatewayError, BadRequestError, DeadlineError, ForbiddenError
from inference_core.server.addresses import may_connect
from inference_core.server.upstream import Reply, exchange, failed

_MAX_URL = 8192
_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def fetch_image(
    url: str, hosts: Sequence[str], limit: int, timeout: float, resolve: Resolver | None = None
) -> bytes:
    """The bytes at `url`, whatever they are: what the host calls them is not believed.

    Args:
        url: http or https, without user and password. A fragment is not sent.
        hosts: where pictures may come from, each as `host`, which means the scheme's own port, or `host:port`. An entry
            `IP:port` also lets listed names lead to that address though it is not public.
        limit: most bytes.
        timeout: seconds that all of it may take, redirects included.
        resolve: looks up the addresses of a name; the system's resolver where none is given.

    Raises:
        BadRequestError: the URL is malformed.
        ForbiddenError: `hosts` is empty, the host is not among them, or it leads to an address that is not public.
        TooLargeError: there are more than `limit` bytes.
        BadGatewayError: the host cannot be reached, or answers anything but 200 with a body.
        DeadlineError: it took too long.
    """
    if not hosts:
        raise ForbiddenError(
            "pictures are not fetched from URLs here",
            got=url[:80],
            expected="the picture itself",
            remedy="send the picture, or have the operator list its host in SATCHEL_URL_HOSTS",
        )
    try:
        async with asyncio.timeout(timeout):
            return await _follow(url, [host.lower() for host in hosts], limit, resolve or _look_up)
    except TimeoutError:
        raise DeadlineError(
            "the picture did not arrive from its host in time", expected=f"all of it within {timeout:g} s"
        ) from None


async def _follow(url: str, hosts: Sequence[str], limit: int, resolve: Resolver) -> bytes:
    """The bytes at the end of at most three redirects."""
    for _ in range(_MAX_REDIRECTS + 1):
        target = _target(url, hosts)
        reply = await _ask(target, hosts, limit, resolve)
        if reply.status not in _REDIRECTS:
            return _content(reply)
        url = _next(url, reply)
    raise failed("the host redirects too often", f"more than {_MAX_REDIRECTS} redirects")


@dataclass(frozen=True, slots=True)
class _Target:
    """What to ask of whom."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the list and the Host header: the port only where it is not the scheme's own."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def _target(url: str, hosts: Sequence[str]) -> _Target:
    """What `url` names, if its host is listed."""
    parts = _split(url)
    try:
        host = _host(parts.hostname or "")
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError as error:
        raise _malformed(url) from error
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    )
    target = _Target(parts.scheme, host, port, path)
    if target.authority not in hosts and f"{host}:{port}" not in hosts:
        raise ForbiddenError(
            "pictures are not fetched from that host",
            got=target.authority,
            expected="a host that is listed in SATCHEL_URL_HOSTS",
            remedy="send the picture itself, or have the operator list the host",
        )
    return target


def _split(url: str) -> SplitResult:
    if len(url) > _MAX_URL or not url.isprintable() or any(character in url for character in ' \\"<>^`{|}'):
        raise _malformed(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _malformed(url) from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "%" in parts.netloc:
        raise _malformed(url)
    return parts


def _malformed(url: str) -> BadRequestError:
    return BadRequestError(
        "the URL of the picture cannot be used",
        got=ascii(url[:80]),
        expected=f"http:// or https://, a host, no user or password, at most {_MAX_URL} characters",
        remedy="correct the URL, or send the picture itself",
    )


def _host(name: str) -> str:
    """As names are compared: lower case, ASCII (IDNA), no final dot."""
    return name.encode("idna").decode().lower().removesuffix(".")


async def _ask(target: _Target, hosts: Sequence[str], limit: int, resolve: Resolver) -> Reply:
    """The answer of the first of the host's addresses that gives one."""
    head = (
        f"GET {target.path} HTTP/1.1\r\nHost: {target.authority}\r\nUser-Agent: satchel\r\n"
        "Accept: image/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    tls_name = target.host if target.scheme == "https" else None
    unreachable: BadGatewayError | None = None
    for address in await _addresses(target, hosts, resolve):
        try:
            return await exchange(address, target.port, head.encode("ascii"), limit, tls_name)
        except BadGatewayError as error:
            unreachable = error
    raise unreachable or failed("the host has no address", target.host)


async def _addresses(target: _Target, hosts: Sequence[str], resolve: Resolver) -> Sequence[str]:
    """Where the host is. One address that must not be reached is enough to refuse them all.

    The error does not say which: the addresses of an inner network are no business of the caller.
    """
    try:
        found = await resolve(target.host, target.port)
    except OSError as error:
        raise failed("the host's name cannot be looked up", target.host) from error
    if not all(may_connect(address, target.port, hosts) for address in found):
        raise ForbiddenError(
            "the host of the picture leads to an address that is not public",
            got=target.authority,
            expected="public addresses only",
            remedy="send the picture itself; an operator may list the address in SATCHEL_URL_HOSTS, as IP:port",
        )
    return found


async def _look_up(host: str, port: int) -> Sequence[str]:
    """The system's answer, without repetitions, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _next(url: str, reply: Reply) -> str:
    """Where a redirect leads. It may not lead out of TLS."""
    location = reply.headers.get(b"location", b"").decode("latin-1")
    if not location:
        raise failed("the host redirects to nowhere", f"HTTP {reply.status}")
    try:
        following = urljoin(url, location)
    except ValueError as error:
        raise _malformed(location) from error
    if url.lower().startswith("https:") and not following.lower().startswith("https:"):
        raise ForbiddenError(
            "the host redirects from https to a URL without it",
            got=ascii(following[:80]),
            remedy="name that URL itself, if its host is listed, or send the picture",
        )
    return following


def _content(reply: Reply) -> bytes:
    encoding = reply.headers.get(b"content-encoding", b"identity").lower()
    if reply.status != 200 or encoding != b"identity":
        raise failed(
            "the host did not give the picture",
            f"HTTP {reply.status}" if reply.status != 200 else f"Content-Encoding: {encoding!a}",
        )
    if not reply.body:
        raise failed("the host gave an empty file", "0 bytes")
    return bytes(reply.body)
