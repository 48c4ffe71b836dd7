"""One exchange with a host: how its answers are framed, how large they may be, and whom TLS believes."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference_core.errors import BadGatewayError, SatchelError, TooLargeError
from inference_core.server import upstream
from inference_core.server.upstream import Reply, exchange
from tests.server.origins import Respond, origin, picture, says

LIMIT = 1000
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def asked(respond: Respond, limit: int = LIMIT, tls: ssl.SSLContext | None = None, name: str | None = None) -> Reply:
    async def run() -> Reply:
        async with origin(respond, tls) as host:
            return await exchange("127.0.0.1", host.port, REQUEST, limit, name)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "parts",
    [
        [picture(b"abcd")],
        [bytes([byte]) for byte in picture(b"abcd")],
        [CHUNKED + b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"],
        [CHUNKED + b"4\r\nabcd\r\n0\r\nContent-Encoding: gzip\r\nX: trailer\r\n\r\n"],
        [OK + b"\r\nab", b"cd"],
        [b"HTTP/1.0 200 OK\r\n\r\nabcd"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", picture(b"abcd")],
    ],
)
def test_a_body_is_read_however_it_is_framed(parts: list[bytes]) -> None:
    reply = asked(says(*parts))
    assert (reply.status, bytes(reply.body)) == (200, b"abcd")
    assert b"x" not in reply.headers


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        OK + b"Content-Length: 5\r\n\r\nabcd",
        OK + b"Content-Length: nine\r\n\r\nabcd",
        OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
        CHUNKED + b"4\r\nabcd\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_is_broken_or_no_http_is_502(answer: bytes) -> None:
    with pytest.raises(BadGatewayError):
        asked(says(answer))


def test_a_body_may_have_as_many_bytes_as_allowed_and_no_more() -> None:
    assert len(asked(says(picture(bytes(LIMIT)))).body) == LIMIT
    for answer in (picture(bytes(LIMIT + 1)), OK + b"\r\n" + bytes(LIMIT + 1)):
        with pytest.raises(TooLargeError):
            asked(says(answer))


@pytest.mark.parametrize("declared", [b"1001", b"18446744073709551615"])
def test_a_body_that_is_announced_as_too_large_is_not_awaited(declared: bytes) -> None:
    async def announce(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: " + declared + b"\r\n\r\n")
        await asyncio.sleep(60)

    with pytest.raises(TooLargeError):
        asked(announce)


@pytest.mark.parametrize(
    ("before", "piece", "kind"),
    [
        (OK + b"\r\n", b"x" * 5000, TooLargeError),
        (CHUNKED, b"a\r\n0123456789\r\n", TooLargeError),
        (OK, b"X: y\r\n" * 100, BadGatewayError),
        (OK + b"X: ", b"y" * 1000, BadGatewayError),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", BadGatewayError),
        (CHUNKED + b"1;", b"extension" * 100, BadGatewayError),
        (CHUNKED + b"1\r\na\r\n0\r\n", b"X: y\r\n" * 100, BadGatewayError),
    ],
)
def test_whatever_has_no_end_is_given_up(before: bytes, piece: bytes, kind: type[SatchelError]) -> None:
    sent = 0

    async def endless(path: str, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(before)
        while True:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
            await asyncio.sleep(0)

    with pytest.raises(kind):
        asked(endless)
    assert sent < 16 * 2**20


def test_nobody_at_the_address_is_502() -> None:
    async def run() -> None:
        async with origin(says(b"")) as host:
            port = host.port
        await exchange("127.0.0.1", port, REQUEST, LIMIT, None)

    with pytest.raises(BadGatewayError, match="cannot be reached"):
        asyncio.run(run())


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """What a host needs to prove that it is shop.example, to a client that trusts its certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    try:
        subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    upstream.trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    yield context
    upstream.trusted.cache_clear()


def test_tls_asks_for_the_name_and_checks_it(certified: ssl.SSLContext) -> None:
    asked_for: list[str | None] = []
    certified.sni_callback = lambda _, name, __: asked_for.append(name)
    reply = asked(says(picture(b"abcd")), tls=certified, name="shop.example")
    assert bytes(reply.body) == b"abcd"
    assert asked_for == ["shop.example"]


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1"])
def test_a_certificate_of_another_name_is_refused(certified: ssl.SSLContext, name: str) -> None:
    with pytest.raises(BadGatewayError) as caught:
        asked(says(picture(b"abcd")), tls=certified, name=name)
    assert caught.value.got == "its certificate does not hold"


def test_a_host_without_tls_is_refused_where_it_is_expected() -> None:
    async def plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(picture(b"abcd"))
        await writer.drain()
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(plainly, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await exchange("127.0.0.1", port, REQUEST, LIMIT, "shop.example")

    with pytest.raises(BadGatewayError, match="cannot be reached"):
        asyncio.run(run())
