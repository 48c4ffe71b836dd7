"""Pictures by URL: what is fetched, and everything that must not be."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from inference_core.errors import BadGatewayError, BadRequestError, DeadlineError, ForbiddenError, SatchelError
from inference_core.server.fetch import Resolver, fetch_image
from tests.server.origins import Origin, Respond, origin, picture, redirect, says

MIB = 2**20


def names(**addresses: Sequence[str]) -> Resolver:
    """A resolver that knows these names, with underscores for dots."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses[host.replace(".", "_")]

    return resolve


def fetched(
    respond: Respond,
    url: str = "http://{listed}/",
    hosts: Sequence[str] = ("{listed}",),
    resolve: Resolver | None = None,
    timeout: float = 10,
) -> tuple[bytes, Origin]:
    """What comes of a URL while a host answers."""

    async def run() -> tuple[bytes, Origin]:
        async with origin(respond) as host:
            facts = {"listed": host.listed, "port": host.port}
            listed = [entry.format(**facts) for entry in hosts]
            return await fetch_image(url.format(**facts), listed, MIB, timeout, resolve), host

    return asyncio.run(run())


def refused(url: str, *hosts: str, resolve: Resolver | None = None) -> SatchelError:
    """Why a URL is not followed at all."""

    async def none(host: str, port: int) -> Sequence[str]:
        raise AssertionError("a name was looked up")

    with pytest.raises(SatchelError) as caught:
        asyncio.run(fetch_image(url, hosts, MIB, 10, resolve or none))
    return caught.value


def test_a_picture_comes_as_it_is() -> None:
    body, host = fetched(
        says(picture(b"\x89PNG", "Content-Type: text/html")), "http://{listed}/a b.png".replace(" ", "%20")
    )
    assert body == b"\x89PNG"
    assert host.heads == [
        f"GET /a%20b.png HTTP/1.1\r\nHost: {host.listed}\r\nUser-Agent: satchel\r\n"
        "Accept: image/*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ]


def test_path_and_query_are_sent_and_the_fragment_is_not() -> None:
    _, host = fetched(says(picture(b"x")), "http://{listed}/p/é.png?q=ü&r=%2F?#top")
    assert host.heads[0].startswith("GET /p/%C3%A9.png?q=%C3%BC&r=%2F? HTTP/1.1\r\n")


def test_without_a_list_nothing_is_fetched() -> None:
    error = refused("https://shop.example/a.png")
    assert isinstance(error, ForbiddenError)
    assert error.remedy is not None
    assert "SATCHEL_URL_HOSTS" in error.remedy


@pytest.mark.parametrize(
    "url",
    [
        *("", "shop.example/a.png", "//shop.example/a.png", "ftp://shop.example/a", "file:///etc/passwd", "http://"),
        *("http:///a", "http://user@shop.example/", "http://user:pass@shop.example/", "http://@shop.example/"),
        *("http://shop.example:port/", "http://shop.example:99999/", "http://[::1/", "http://shop..example/"),
        *("http://shop.example/a b", "http://shop.example/\r\nX: y", "http://shop.example\\@evil.example/"),
        *("http://shop.exa\tmple/", "http://shop%2eexample/", "http://shop.example/\x00", " http://shop.example/"),
        *("javascript:alert(1)", "data:image/png;base64,AAAA", "http://" + "a" * 64 + ".example/"),
        "http://shop.example/" + "n" * 8192,
    ],
)
def test_a_malformed_url_is_400(url: str) -> None:
    assert type(refused(url, "shop.example")) is BadRequestError


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://evil.example/",
            "http://shop.example.evil.example/",
            "http://sub.shop.example/",
            "http://shop.exampl/",
        ),
        *("http://shop.example:8080/", "https://shop.example:80/", "http://other.example/", "http://127.0.0.1/"),
        *("http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/", "http://shop.example:0/"),
        "http://\u0455hop.example/",  # a letter of another alphabet
    ],
)
def test_a_host_that_is_not_listed_is_403(url: str) -> None:
    assert type(refused(url, "shop.example", "other.example:8443")) is ForbiddenError


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("SHOP.Example", "shop.example:{port}"),
        ("shop.example.", "shop.example:{port}"),
        ("shop.example", "Shop.EXAMPLE:{port}"),
        ("büro.example", "xn--bro-hoa.example:{port}"),
        ("xn--bro-hoa.example", "xn--bro-hoa.example:{port}"),
    ],
)
def test_names_are_compared_as_the_resolver_sees_them(host: str, entry: str) -> None:
    resolve = names(shop_example=["127.0.0.1"], **{"xn--bro-hoa_example": ["127.0.0.1"]})
    body, answered = fetched(says(picture(b"x")), f"http://{host}:{{port}}/", [entry, "{listed}"], resolve)
    assert body == b"x"
    assert f"Host: {entry.lower().format(port=answered.port)}\r\n" in answered.heads[0]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["64:ff9b::a9fe:a9fe"], ["8.8.8.8", "10.0.0.1"]],
)
def test_a_listed_name_may_not_lead_inside(addresses: Sequence[str]) -> None:
    error = refused("http://shop.example/", "shop.example", "127.0.0.1:81", resolve=names(shop_example=addresses))
    assert isinstance(error, ForbiddenError)
    assert error.got == "shop.example"
    assert not any(address in str(error) for address in addresses)


def test_an_address_of_ones_own_network_has_to_be_listed_with_its_port() -> None:
    async def lists(hosts: Sequence[str]) -> bytes:
        async with origin(says(picture(b"x"))) as host:
            url = host.url(host="nas.corp")
            listed = [entry.format(host.port) for entry in hosts]
            return await fetch_image(url, listed, MIB, 10, names(nas_corp=["127.0.0.1"]))

    assert asyncio.run(lists(["nas.corp:{}", "127.0.0.1:{}"])) == b"x"
    for hosts in (["nas.corp:{}"], ["nas.corp:{}", "127.0.0.1"], ["127.0.0.1:{}"]):
        with pytest.raises(ForbiddenError):
            asyncio.run(lists(hosts))


def test_a_name_is_looked_up_once_and_the_checked_address_is_used() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[tuple[str, int]] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append((host, port))
        return answers.pop(0)

    body, host = fetched(
        says(picture(b"x")), "http://rebind.example:{port}/", ["rebind.example:{port}", "{listed}"], rebinding
    )
    assert body == b"x"
    assert asked == [("rebind.example", host.port)]


def test_a_name_that_means_something_else_after_a_redirect_is_checked_again() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    with pytest.raises(ForbiddenError, match="not public"):
        fetched(says(redirect("/again")), "http://r.example:{port}/", ["r.example:{port}", "{listed}"], rebinding)


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    resolve = names(shop_example=["127.0.0.2", "127.0.0.1"])
    hosts = ["shop.example:{port}", "{listed}", "127.0.0.2:{port}"]
    assert fetched(says(picture(b"x")), "http://shop.example:{port}/", hosts, resolve)[0] == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_three_times(status: int) -> None:
    async def respond(path: str, writer: asyncio.StreamWriter) -> None:
        count = int(path[1:])
        writer.write(redirect(f"/{count - 1}", status) if count else picture(b"x"))

    body, host = fetched(respond, "http://{listed}/3")
    assert body == b"x"
    assert [head.split()[1] for head in host.heads] == ["/3", "/2", "/1", "/0"]
    with pytest.raises(BadGatewayError, match="redirects too often"):
        fetched(respond, "http://{listed}/4")


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://169.254.169.254/latest/meta-data", ForbiddenError),
        ("//evil.example/a.png", ForbiddenError),
        ("http://127.0.0.1:1/", ForbiddenError),
        ("http://user:pass@127.0.0.1/", BadRequestError),
        ("file:///etc/passwd", BadRequestError),
        ("http://[", BadRequestError),
        ("", BadGatewayError),
    ],
)
def test_a_redirect_obeys_the_same_rules(location: str, kind: type[SatchelError]) -> None:
    with pytest.raises(SatchelError) as caught:
        fetched(says(redirect(location)))
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial", "304 Not Modified", "404 Not Found", "500 Oh"])
def test_any_other_status_is_502(status: str) -> None:
    with pytest.raises(BadGatewayError, match="did not give the picture") as caught:
        fetched(says(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()))
    assert caught.value.got == f"HTTP {status[:3]}"


@pytest.mark.parametrize(
    "answer",
    [picture(b""), picture(b"x", "Content-Encoding: gzip")],
)
def test_an_empty_or_packed_file_is_502(answer: bytes) -> None:
    with pytest.raises(BadGatewayError):
        fetched(says(answer))


def test_a_name_nobody_knows_is_502() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    assert isinstance(refused("http://shop.example/", "shop.example", resolve=unknown), BadGatewayError)
    assert isinstance(refused("http://shop.example/", "shop.example", resolve=names(shop_example=[])), BadGatewayError)


def test_the_systems_resolver_is_asked_by_default() -> None:
    with pytest.raises(ForbiddenError, match="not public"):
        asyncio.run(fetch_image("http://localhost/", ["localhost"], MIB, 10))


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetched(says(picture(b"x")))[0] == b"x"


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_host_that_trickles_is_given_up_in_time(before: bytes) -> None:
    async def trickle(path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        while True:
            if before:
                writer.write(b"x")
            await asyncio.sleep(0.02)

    began = time.monotonic()
    with pytest.raises(DeadlineError):
        fetched(trickle, timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 8


def test_a_resolver_that_hangs_is_given_up_in_time() -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(DeadlineError):
        asyncio.run(fetch_image("http://shop.example/", ["shop.example"], MIB, 0.1, hang))
