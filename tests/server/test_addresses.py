"""Which addresses a fetched picture may come from."""

import pytest

from inference_core.server.addresses import is_public, may_connect


@pytest.mark.parametrize("address", ["8.8.8.8", "223.255.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"),
        *("168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1"),
        *("192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    ],
)
def test_special_addresses_of_ipv4_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
        *("5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    ],
)
def test_special_addresses_of_ipv6_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["", "localhost", "8.8.8", "0x8.8.8.8", "134744072", "08.8.8.8"])
def test_what_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_an_address_is_let_in_with_its_port_alone() -> None:
    assert may_connect("10.1.2.3", 443, ["shop.example", "10.1.2.3:443"])
    assert not may_connect("10.1.2.3", 80, ["shop.example", "10.1.2.3:443"])
    assert not may_connect("10.1.2.3", 80, ["10.1.2.3"])
    assert may_connect("8.8.8.8", 80, [])
